/** SPS and PPS, each a whole NAL unit without start code. */
export interface ParameterSets {
  readonly sps: Buffer;
  readonly pps: Buffer;
}

export interface VideoTrack {
  readonly kind: "video";
  readonly codec: "h264";
  /** Ticks a second of the access units' timestamps. */
  readonly clockRate: 90_000;
  /** From the SDP, where it has them; the stream's own win as soon as they are seen. */
  readonly parameterSets: ParameterSets | undefined;
}

export interface AudioTrack {
  readonly kind: "audio";
  readonly codec: "opus" | "aac" | "pcmu" | "pcma" | "other";
  /** Ticks a second of the access units' timestamps. */
  readonly clockRate: number;
  readonly channels: number;
}

/** One codec's access units within a Source. */
export type Track = VideoTrack | AudioTrack;
