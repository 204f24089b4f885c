/** What a decoder needs before its first picture, each a whole NAL unit without start code. */
export interface Mp4ParameterSets {
  /** H.265 alone has one. */
  readonly vps?: Buffer;
  readonly sps: Buffer;
  readonly pps: Buffer;
}

export interface Mp4VideoTrack {
  readonly kind: "video";
  readonly codec: "h264" | "h265";
  /** Ticks a second of its samples' times. */
  readonly timescale: number;
  readonly parameterSets: Mp4ParameterSets;
}

export interface Mp4AudioTrack {
  readonly kind: "audio";
  readonly codec: "aac" | "opus";
  readonly timescale: number;
  readonly channels: number;
  /** AAC: its AudioSpecificConfig. ISO/IEC 14496-3 1.6.2.1 */
  readonly config?: Buffer;
}

export type Mp4Track = Mp4VideoTrack | Mp4AudioTrack;

/** Each kind's track_ID, in every file that we write. */
export const trackIds = { video: 1, audio: 2 } as const;
