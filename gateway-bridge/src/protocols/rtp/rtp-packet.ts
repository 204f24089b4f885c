import { GatehouseError } from "@gatehouse/shared";

export interface RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** One RTP packet, as it lies in the bytes that it came in. Good for as long as they are. */
export class RtpPacket implements RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly bytes: Buffer;
  /** Where in `bytes` the payload begins. */
  readonly start: number;
  /** Where it ends, before any padding. */
  readonly end: number;

  constructor(header: RtpHeader, { bytes, start, end }: Pick<RtpPacket, "bytes" | "start" | "end">) {
    this.payloadType = header.payloadType;
    this.marker = header.marker;
    this.sequence = header.sequence;
    this.timestamp = header.timestamp;
    this.ssrc = header.ssrc;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** A packet of which nothing is known but its payload. */
  static of(header: RtpHeader, payload: Buffer): RtpPacket {
    return new RtpPacket(header, { bytes: payload, start: 0, end: payload.length });
  }

  /** A view, made anew each time: some hundred packets a second and camera are taken apart without one. */
  get payload(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The same packet in memory of its own. */
  keep(): RtpPacket {
    return RtpPacket.of(this, Buffer.from(this.payload));
  }
}

/** Bytes of a header without CSRC list and extension. */
export const rtpHeaderSize = 12;

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

/** The packet; undefined where it is not valid RTP. */
export const readRtp = (bytes: Buffer): RtpPacket | undefined => {
  const start = rtpPayloadOffset(bytes);
  if (start === undefined) return undefined;
  const { length } = bytes;
  const padding = (bytes.readUInt8(0) & 0x20) === 0 ? 0 : bytes.readUInt8(length - 1);
  if ((bytes.readUInt8(0) & 0x20) !== 0 && (padding === 0 || padding > length - start)) return undefined;
  const second = bytes.readUInt8(1);
  return new RtpPacket(
    {
      payloadType: second & 0x7f,
      marker: second >= 0x80,
      sequence: bytes.readUInt16BE(2),
      timestamp: bytes.readUInt32BE(4),
      ssrc: bytes.readUInt32BE(8),
    },
    { bytes, start, end: length - padding },
  );
};

/** @throws GatehouseError `rtp-malformed` */
export const parseRtp = (bytes: Buffer): RtpPacket => {
  const packet = readRtp(bytes);
  if (packet === undefined) throw new GatehouseError("rtp-malformed", "The packet is not valid RTP.");
  return packet;
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
