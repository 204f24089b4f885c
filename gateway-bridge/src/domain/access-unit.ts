/** One coded picture: every NAL unit that shares one timestamp, in decoding order. */
export interface VideoUnit {
  readonly kind: "video";
  /** Ticks of the track's clock, unwrapped: more than 2^32 is possible, stepping back is not (B-frames apart). */
  readonly timestamp: number;
  /** Decoding can start here: H.264 IDR; H.265 IDR, CRA or BLA. */
  readonly key: boolean;
  /** Whole NAL units without start codes. Parameter sets are among them where the camera sent them. Never changed while anybody sees them. */
  readonly nals: readonly Buffer[];
  /** Sum of the NAL units' lengths. */
  readonly bytes: number;
  /** Clock.monotonic() when its last packet arrived. */
  readonly arrivedAt: number;
}

/**
 * One piece of sound: one raw AAC access unit (no ADTS), one Opus packet, or any whole number of samples of G.711 and L16
 * (16 bits, big-endian, channels interleaved).
 */
export interface AudioUnit {
  readonly kind: "audio";
  readonly timestamp: number;
  readonly data: Buffer;
  readonly bytes: number;
  readonly arrivedAt: number;
}

/**
 * Memory that a unit lies in and that can be used again. It is handed on apart from the unit, from owner to owner: who merely sees a
 * unit can give nothing back. What nobody gives back is left to the garbage collector.
 */
export interface LentMemory {
  /** Only for the owner, once nobody else can have a view of it: what lies there changes after that. */
  release(): void;
}

export type AccessUnit = VideoUnit | AudioUnit;
