/** One coded picture: every NAL unit that shares one timestamp, in decoding order. */
export interface VideoUnit {
  readonly kind: "video";
  /** Ticks of the track's clock, unwrapped: more than 2^32 is possible, stepping back is not (B-frames apart). */
  readonly timestamp: number;
  /** Holds an IDR picture, so decoding can start here. */
  readonly key: boolean;
  /** Whole NAL units without start codes. Parameter sets are among them where the camera sent them. Never changed after creation. */
  readonly nals: readonly Buffer[];
  /** Sum of the NAL units' lengths. */
  readonly bytes: number;
  /** Clock.monotonic() when its last packet arrived. */
  readonly arrivedAt: number;
}

/** One audio frame. */
export interface AudioUnit {
  readonly kind: "audio";
  readonly timestamp: number;
  readonly data: Buffer;
  readonly bytes: number;
  readonly arrivedAt: number;
}

export type AccessUnit = VideoUnit | AudioUnit;
