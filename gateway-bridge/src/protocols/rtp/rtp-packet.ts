import { GatehouseError } from "@gatehouse/shared";

/** One RTP packet. `payload` is a view into the bytes it was parsed from, without padding. */
export interface RtpPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

export type RtpHeader = Omit<RtpPacket, "payload">;

/** Bytes of a header without CSRC list and extension. */
export const rtpHeaderSize = 12;

const malformed = (why: string): GatehouseError =>
  new GatehouseError("rtp-malformed", `The packet is not valid RTP: ${why}.`);

/** Where the payload starts, past CSRC list and extension; undefined if it would lie outside the packet. RFC 3550 5.1, 5.3.1 */
export const rtpPayloadOffset = (bytes: Buffer): number | undefined => {
  if (bytes.length < rtpHeaderSize) return undefined;
  const first = bytes.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  let offset = rtpHeaderSize + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (offset + 4 > bytes.length) return undefined;
    offset += 4 + 4 * bytes.readUInt16BE(offset + 2);
  }
  return offset <= bytes.length ? offset : undefined;
};

/** @throws GatehouseError `rtp-malformed` */
export const parseRtp = (bytes: Buffer): RtpPacket => {
  const start = rtpPayloadOffset(bytes);
  if (start === undefined) throw malformed("its header is damaged");
  let end = bytes.length;
  if ((bytes.readUInt8(0) & 0x20) !== 0) {
    const padding = bytes.readUInt8(end - 1);
    if (padding === 0 || padding > end - start) throw malformed("its padding is longer than its payload");
    end -= padding;
  }
  const second = bytes.readUInt8(1);
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
  };
};

/** Writes the 12 bytes of a header without CSRC list, extension and padding. Sequence and timestamp are taken modulo their size. */
export const writeRtpHeader = (target: Buffer, offset: number, header: RtpHeader): void => {
  target.writeUInt8(0x80, offset);
  target.writeUInt8((header.marker ? 0x80 : 0) | (header.payloadType & 0x7f), offset + 1);
  target.writeUInt16BE(header.sequence & 0xffff, offset + 2);
  target.writeUInt32BE(header.timestamp >>> 0, offset + 4);
  target.writeUInt32BE(header.ssrc >>> 0, offset + 8);
};

/** Whether a datagram of a port that carries both is RTCP. RFC 5761 4 */
export const isRtcp = (bytes: Buffer): boolean => {
  const type = bytes[1];
  return type !== undefined && type >= 192 && type <= 223;
};
