import type { RtpPayload } from "../nal/rtp-payload.ts";
import { maxAdtsFrame } from "./adts.ts";

/** AU-headers-length and one AU-header of mode AAC-hbr. RFC 3640 3.2.1, 3.3.6 */
const headerSize = 4;

/** The format parameters of what `packetizeAac` makes, for the SDP's `a=fmtp`. RFC 3640 4.1 */
export const aacFormatParameters = (config: Buffer): string =>
  `streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${config.toString("hex")}`;

/**
 * The payloads of one access unit (raw, without ADTS) by RFC 3640, mode AAC-hbr: mostly one, several where it does not fit. Each
 * has the access unit's own timestamp. Empty for an access unit that has no bytes, or more than the mode's 8,191.
 * @param maxPayload bytes of prefix and body together; at least 5
 */
export const packetizeAac = (unit: Buffer, maxPayload: number): readonly RtpPayload[] => {
  const step = maxPayload - headerSize;
  if (step < 1) throw new RangeError(`A payload of ${maxPayload} bytes cannot hold a fragment.`);
  if (unit.length === 0 || unit.length > maxAdtsFrame) return [];
  const prefix = Buffer.alloc(headerSize);
  prefix.writeUInt16BE(16);
  // Each fragment's header tells the size of the whole access unit.
  prefix.writeUInt16BE(unit.length << 3, 2);
  return Array.from({ length: Math.ceil(unit.length / step) }, (_, index) => ({
    prefix,
    body: unit.subarray(index * step, (index + 1) * step),
    last: (index + 1) * step >= unit.length,
  }));
};
