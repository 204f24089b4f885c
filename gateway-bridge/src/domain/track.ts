/** What decoding needs before its first picture, each a whole NAL unit without start code. */
export interface ParameterSets {
  /** H.265 alone has one. */
  readonly vps?: Buffer;
  readonly sps: Buffer;
  readonly pps: Buffer;
}

export type VideoCodec = "h264" | "h265";

export interface VideoTrack {
  readonly kind: "video";
  readonly codec: VideoCodec;
  /** Ticks a second of the access units' timestamps. */
  readonly clockRate: 90_000;
  /** From the SDP, where it has them; the stream's own win as soon as they are seen. */
  readonly parameterSets: ParameterSets | undefined;
}

export type AudioCodec = "opus" | "aac" | "pcmu" | "pcma" | "l16";

export interface AudioTrack {
  readonly kind: "audio";
  readonly codec: AudioCodec;
  /** Ticks a second of the access units' timestamps. Of all but Opus (always 48,000) also the samples a second. */
  readonly clockRate: number;
  readonly channels: number;
  /** AAC: its AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). The others have none. */
  readonly config?: Buffer;
}

/** One codec's access units within a Source. */
export type Track = VideoTrack | AudioTrack;

/** The codecs that a viewer can decode. */
export interface AcceptedCodecs {
  readonly video: readonly VideoCodec[];
  /** Empty for a viewer without sound. */
  readonly audio: readonly AudioCodec[];
}
