/** How access units lie in RTP packets of RFC 3640: the widths, in bits, of the fields before each. 4.1 */
export interface AccessUnitLayout {
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
  readonly ctsDeltaLength: number;
  readonly dtsDeltaLength: number;
  readonly randomAccess: boolean;
  readonly streamStateLength: number;
  readonly auxiliaryLength: number;
  /** Of every access unit, where the headers do not tell; 0 where each packet is one access unit. */
  readonly constantSize: number;
}

/** Mode AAC-hbr, which all cameras use. RFC 3640 3.3.6 */
export const highBitRate: AccessUnitLayout = {
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  ctsDeltaLength: 0,
  dtsDeltaLength: 0,
  randomAccess: false,
  streamStateLength: 0,
  auxiliaryLength: 0,
  constantSize: 0,
};

/** One access unit of a packet. */
export interface UnpackedUnit {
  /** Ticks after the packet's timestamp. */
  readonly offset: number;
  /** Never shared with the packet. */
  readonly data: Buffer;
}

/** A packet in the order of sending; `gap` says that one before it is missing. */
export interface UnpackedPacket {
  readonly payload: Buffer;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly gap: boolean;
}

/** Takes access units out of the packets of one payload format. Never throws. */
export interface Unpacker {
  /** Packets, or what they began, that had to be left out. */
  readonly damaged: number;
  unpack(packet: UnpackedPacket): readonly UnpackedUnit[];
}
