import type { NalRole, NalRules } from "../nal/nal-rules.ts";
import type { PictureAssembly } from "../nal/picture-assembly.ts";
import { PictureDepacketizer, type DepacketizerOptions } from "../nal/picture-depacketizer.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
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
const takeFragment = ({ bytes, start, end }: RtpPacket, assembly: PictureAssembly): boolean => {
  if (end - start < 2) return false;
  const header = bytes.readUInt8(start + 1);
  if ((header & 0x80) !== 0 && !assembly.begin((bytes.readUInt8(start) & 0xe0) | (header & 0x1f))) return false;
  if (!assembly.append(bytes, start + 2, end)) return false;
  return (header & 0x40) === 0 || assembly.end();
};

// RFC 6184 5.7.1
const takeAggregate = ({ bytes, start, end }: RtpPacket, assembly: PictureAssembly): boolean => {
  let at = start + 1;
  while (at + 2 <= end) {
    const from = at + 2;
    const to = from + bytes.readUInt16BE(at);
    if (to > end || !assembly.add(bytes, from, to)) return false;
    at = to;
  }
  return true;
};

const takePayload = (packet: RtpPacket, assembly: PictureAssembly): boolean => {
  const type = packet.bytes.readUInt8(packet.start) & 0x1f;
  if (type < nalTypes.stapA) return assembly.add(packet.bytes, packet.start, packet.end);
  if (type === nalTypes.fuA) return takeFragment(packet, assembly);
  if (type === nalTypes.stapA) return takeAggregate(packet, assembly);
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
