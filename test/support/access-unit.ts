/** H.264 out of RTP (RFC 6184), written anew so that the gateway's packetizer is not tested against itself. */

/** All NAL units of one picture, without start codes. */
export interface AccessUnit {
  readonly nals: readonly Buffer[];
  readonly timestamp: number;
  /** `performance.now()` at the packet that completed it. */
  readonly arrivedAt: number;
  /** Holds an IDR slice. */
  readonly key: boolean;
}

export interface RtpPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

/** RFC 3550 5.1. */
export const parseRtp = (packet: Buffer): RtpPacket => {
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) throw new RangeError("not RTP version 2");
  let start = 12 + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) start += 4 + packet.readUInt16BE(start + 2) * 4;
  const padding = (first & 0x20) === 0 ? 0 : packet.readUInt8(packet.length - 1);
  if (start + padding > packet.length) throw new RangeError("RTP headers longer than the packet");
  return {
    payloadType: packet.readUInt8(1) & 0x7f,
    marker: (packet.readUInt8(1) & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(start, packet.length - padding),
  };
};

const nalType = { idr: 5, stapA: 24, fuA: 28 } as const;

/** Joins packets, which come in order, into access units. A unit that lost a packet is left out and counted. */
export class AccessUnitAssembler {
  #nals: Buffer[] = [];
  #fragments: Buffer[] = [];
  #timestamp: number | undefined;
  #sequence: number | undefined;
  #broken = false;
  /** Access units that lost a packet. */
  damaged = 0;

  /** The access unit that this packet completed. */
  add(packet: RtpPacket, arrivedAt: number): AccessUnit | undefined {
    const follows = this.#sequence === undefined || packet.sequence === ((this.#sequence + 1) & 0xffff);
    this.#sequence = packet.sequence;
    if (this.#timestamp !== packet.timestamp) this.#begin(packet.timestamp);
    if (!follows) this.#broken = true;
    this.#unpack(packet.payload);
    if (!packet.marker) return undefined;
    const nals = this.#nals;
    const complete = !this.#broken && this.#fragments.length === 0 && nals.length > 0;
    this.#begin(undefined);
    if (!complete) {
      this.damaged += 1;
      return undefined;
    }
    const key = nals.some((nal) => (nal.readUInt8(0) & 0x1f) === nalType.idr);
    return { nals, timestamp: packet.timestamp, arrivedAt, key };
  }

  #begin(timestamp: number | undefined): void {
    // A new timestamp without the marker before it: the end of the last unit was lost.
    if (this.#timestamp !== undefined && timestamp !== undefined) this.damaged += 1;
    this.#timestamp = timestamp;
    this.#nals = [];
    this.#fragments = [];
    this.#broken = false;
  }

  #unpack(payload: Buffer): void {
    const type = payload.readUInt8(0) & 0x1f;
    if (type === nalType.stapA) this.#aggregated(payload);
    else if (type === nalType.fuA) this.#fragment(payload);
    else this.#nals.push(payload);
  }

  /** RFC 6184 5.7.1. */
  #aggregated(payload: Buffer): void {
    for (let at = 1; at < payload.length;) {
      const length = payload.readUInt16BE(at);
      const nal = payload.subarray(at + 2, at + 2 + length);
      if (nal.length !== length || length === 0) throw new RangeError("STAP-A longer than its packet");
      this.#nals.push(nal);
      at += 2 + length;
    }
  }

  /** RFC 6184 5.8. */
  #fragment(payload: Buffer): void {
    const header = payload.readUInt8(1);
    const start = (header & 0x80) !== 0;
    const end = (header & 0x40) !== 0;
    if (start && end) throw new RangeError("FU-A that begins and ends in one packet");
    if (start) this.#fragments = [Buffer.of((payload.readUInt8(0) & 0xe0) | (header & 0x1f))];
    else if (this.#fragments.length === 0) this.#broken = true;
    this.#fragments.push(payload.subarray(2));
    if (!end) return;
    this.#nals.push(Buffer.concat(this.#fragments));
    this.#fragments = [];
  }
}

const startCode = Buffer.of(0, 0, 0, 1);

/** The units as a byte stream (ITU-T H.264 Annex B) that a decoder can read, from the first keyframe on. */
export const annexB = (units: readonly AccessUnit[]): Buffer => {
  const first = units.findIndex(({ key }) => key);
  if (first < 0) return Buffer.alloc(0);
  return Buffer.concat(units.slice(first).flatMap(({ nals }) => nals.flatMap((nal) => [startCode, nal])));
};
