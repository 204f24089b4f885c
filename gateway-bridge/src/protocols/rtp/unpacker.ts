/** A packet in the order of sending. */
export interface OrderedPacket {
  readonly payload: Buffer;
  readonly marker: boolean;
  readonly timestamp: number;
  /** One before it is missing. */
  readonly gap: boolean;
}

/** One piece of sound of a packet. */
export interface UnpackedUnit {
  /** Ticks after the packet's timestamp. */
  readonly offset: number;
  /** Never shared with the packet. */
  readonly data: Buffer;
}

/** Takes sound out of the packets of one payload format. Never throws. */
export interface Unpacker {
  /** Pieces of sound, or packets of them, that had to be left out. */
  readonly damaged: number;
  unpack(packet: OrderedPacket): readonly UnpackedUnit[];
}
