/** What a receiver asks of a sender. RFC 4585, RFC 5104 */
export type RtcpFeedback =
  /** These packets did not come. RFC 4585 6.2.1 */
  | { readonly kind: "nack"; readonly ssrc: number; readonly lost: readonly number[] }
  /** Nothing can be decoded until a key picture comes. RFC 4585 6.3.1 */
  | { readonly kind: "pli"; readonly ssrc: number }
  /** The same of several sources, from one that has not seen a picture yet. RFC 5104 4.3.1 */
  | { readonly kind: "fir"; readonly ssrcs: readonly number[] }
  /** What the way is believed to carry, in bits a second. draft-alvestrand-rmcat-remb */
  | { readonly kind: "remb"; readonly bitrate: number };

const transportFeedback = 205;
const payloadFeedback = 206;
/** SSRC of who reports, and of whom it is about. */
const commonSize = 8;

// Each entry names one packet and, by bits, which of the 16 after it are missing as well.
const readNack = (body: Buffer): RtcpFeedback => {
  const lost: number[] = [];
  for (let at = commonSize; at + 4 <= body.length; at += 4) {
    const first = body.readUInt16BE(at);
    const others = body.readUInt16BE(at + 2);
    lost.push(first);
    for (let bit = 0; bit < 16; bit += 1) if ((others >> bit) & 1) lost.push((first + bit + 1) & 0xffff);
  }
  return { kind: "nack", ssrc: body.readUInt32BE(4), lost };
};

const readFir = (body: Buffer): RtcpFeedback => {
  const ssrcs: number[] = [];
  for (let at = commonSize; at + 8 <= body.length; at += 8) ssrcs.push(body.readUInt32BE(at));
  return { kind: "fir", ssrcs };
};

// Unique identifier `REMB`, count of sources, exponent of 6 bits, mantissa of 18.
const readRemb = (body: Buffer): RtcpFeedback | undefined => {
  if (body.length < commonSize + 8 || body.toString("latin1", commonSize, commonSize + 4) !== "REMB") return undefined;
  const word = body.readUIntBE(commonSize + 5, 3);
  return { kind: "remb", bitrate: (word & 0x3ffff) * 2 ** (word >> 18) };
};

const readOne = (type: number, format: number, body: Buffer): RtcpFeedback | undefined => {
  if (body.length < commonSize) return undefined;
  if (type === transportFeedback && format === 1) return readNack(body);
  if (type !== payloadFeedback) return undefined;
  if (format === 1) return { kind: "pli", ssrc: body.readUInt32BE(4) };
  if (format === 4) return readFir(body);
  return format === 15 ? readRemb(body) : undefined;
};

/** The feedback within a compound, as far as it is whole; other packets are passed over. Never throws. */
export const parseRtcpFeedback = (bytes: Buffer): readonly RtcpFeedback[] => {
  const found: RtcpFeedback[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const first = bytes.readUInt8(at);
    const end = at + 4 + 4 * bytes.readUInt16BE(at + 2);
    if (first >> 6 !== 2 || end > bytes.length) break;
    const feedback = readOne(bytes.readUInt8(at + 1), first & 0x1f, bytes.subarray(at + 4, end));
    if (feedback !== undefined) found.push(feedback);
    at = end;
  }
  return found;
};
