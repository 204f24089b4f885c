import type { NalRole, NalRules } from "../nal/nal-rules.ts";
import type { PictureAssembly } from "../nal/picture-assembly.ts";
import { PictureDepacketizer, type DepacketizerOptions } from "../nal/picture-depacketizer.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
import { isIrap, isLayered, isVcl, nalHeaderSize, nalType, nalTypes, startsPicture } from "./nal.ts";

const roleOf = (nal: Buffer): NalRole => {
  const type = nalType(nal);
  // ITU-T H.265 7.4.2.2: 48 to 63 are no content of H.265's own.
  if (nal.length <= nalHeaderSize || type >= nalTypes.aggregate || isLayered(nal)) return "none";
  if (isIrap(type)) return "key-slice";
  return isVcl(type) ? "slice" : "other";
};

// RFC 7798 4.4.3
const takeFragment = ({ bytes, start, end }: RtpPacket, assembly: PictureAssembly): boolean => {
  if (end - start < 3) return false;
  const [first, second] = [bytes.readUInt8(start), bytes.readUInt8(start + 1)];
  const header = bytes.readUInt8(start + 2);
  if ((header & 0x80) !== 0 && !assembly.begin((first & 0x81) | ((header & 0x3f) << 1), second)) return false;
  if (!assembly.append(bytes, start + 3, end)) return false;
  return (header & 0x40) === 0 || assembly.end();
};

// RFC 7798 4.4.2
const takeAggregate = ({ bytes, start, end }: RtpPacket, assembly: PictureAssembly): boolean => {
  let at = start + nalHeaderSize;
  while (at + 2 <= end) {
    const from = at + 2;
    const to = from + bytes.readUInt16BE(at);
    if (to > end || !assembly.add(bytes, from, to)) return false;
    at = to;
  }
  return true;
};

const takePayload = (packet: RtpPacket, assembly: PictureAssembly): boolean => {
  const type = (packet.bytes.readUInt8(packet.start) >> 1) & 0x3f;
  if (type < nalTypes.aggregate) return assembly.add(packet.bytes, packet.start, packet.end);
  if (type === nalTypes.fragment) return takeFragment(packet, assembly);
  if (type === nalTypes.aggregate) return takeAggregate(packet, assembly);
  // PACI packets wrap pieces of a picture (RFC 7798 4.4.4) and no camera sends them; what is above is undefined and ignored.
  return type > nalTypes.paci;
};

const rules: NalRules = { roleOf, startsPicture, takePayload };

/**
 * Puts pictures together from packets of RFC 7798 in decoding order, without decoding order numbers: for a format whose
 * `sprop-max-don-diff` is absent or 0. Never throws, whatever the packets hold.
 */
export class H265Depacketizer extends PictureDepacketizer {
  constructor(options: DepacketizerOptions = {}) {
    super(rules, options);
  }
}
