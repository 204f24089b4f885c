import type { NalRole, NalRules } from "../nal/nal-rules.ts";
import type { PictureAssembly } from "../nal/picture-assembly.ts";
import { PictureDepacketizer, type DepacketizerOptions } from "../nal/picture-depacketizer.ts";
import { isVcl, nalType, nalTypes, startsPicture } from "./nal.ts";

export type { CodedPicture } from "../nal/picture-depacketizer.ts";
export type H264DepacketizerOptions = DepacketizerOptions;

const roleOf = (nal: Buffer): NalRole => {
  const type = nalType(nal);
  if (type === nalTypes.idr) return "key-slice";
  if (isVcl(type)) return "slice";
  // Types 0 and 24 to 31 are no content of H.264's own.
  return type === 0 || type >= nalTypes.stapA ? "none" : "other";
};

// RFC 6184 5.8
const takeFragment = (payload: Buffer, assembly: PictureAssembly): boolean => {
  if (payload.length < 2) return false;
  const header = payload.readUInt8(1);
  if ((header & 0x80) !== 0 && !assembly.begin((payload.readUInt8(0) & 0xe0) | (header & 0x1f))) return false;
  if (!assembly.append(payload.subarray(2))) return false;
  return (header & 0x40) === 0 || assembly.end();
};

// RFC 6184 5.7.1
const takeAggregate = (payload: Buffer, assembly: PictureAssembly): boolean => {
  let at = 1;
  while (at + 2 <= payload.length) {
    const end = at + 2 + payload.readUInt16BE(at);
    if (end > payload.length) return false;
    if (!assembly.add(payload.subarray(at + 2, end))) return false;
    at = end;
  }
  return true;
};

const takePayload = (payload: Buffer, assembly: PictureAssembly): boolean => {
  const type = payload.readUInt8(0) & 0x1f;
  if (type < nalTypes.stapA) return assembly.add(payload);
  if (type === nalTypes.fuA) return takeFragment(payload, assembly);
  if (type === nalTypes.stapA) return takeAggregate(payload, assembly);
  // RFC 6184 5.2: 30 and 31 are undefined and ignored; the others belong to the interleaved mode.
  return type >= 30;
};

const rules: NalRules = { roleOf, startsPicture, takePayload };

/** Puts pictures together from packets of RFC 6184, packetization modes 0 and 1. Never throws, whatever the packets hold. */
export class H264Depacketizer extends PictureDepacketizer {
  constructor(options: H264DepacketizerOptions = {}) {
    super(rules, options);
  }
}
