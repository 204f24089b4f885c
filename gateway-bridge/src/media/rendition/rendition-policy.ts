import type { AcceptedCodecs, AudioCodec, AudioTrack, VideoCodec, VideoTrack } from "../../domain/track.ts";

/** What a derived stream carries in place of its camera's own tracks. */
export interface Rendition {
  readonly video: "as-is" | "h264";
  readonly audio: "as-is" | "opus" | "aac";
}

/** What the box's transcoder can make. */
export interface TranscodingAbility {
  readonly h264: boolean;
  readonly opus: boolean;
  readonly aac: boolean;
}

export interface RenditionRequest {
  readonly video: Pick<VideoTrack, "codec">;
  readonly audio: Pick<AudioTrack, "codec"> | undefined;
  readonly accepts: AcceptedCodecs;
  readonly able: TranscodingAbility;
}

export type RenditionChoice =
  | { readonly kind: "as-is" }
  | { readonly kind: "derived"; readonly rendition: Rendition }
  /** The camera's own picture, or a derived one, but its sound stays in a codec that the viewer will leave out. */
  | { readonly kind: "silent"; readonly rendition: Rendition; readonly codec: AudioCodec }
  /** The picture can be shown only by a transcoder that the box does not have. */
  | { readonly kind: "no-transcoder"; readonly codec: VideoCodec }
  /** The viewer takes no picture that the gateway could ever make. */
  | { readonly kind: "unplayable"; readonly codec: VideoCodec };

export const ableToTranscodeNothing: TranscodingAbility = { h264: false, opus: false, aac: false };
export const ableToTranscodeAll: TranscodingAbility = { h264: true, opus: true, aac: true };

/** In order of preference: Opus has the lower delay. */
const audioTargets = ["opus", "aac"] as const;

const chooseAudio = ({ audio, accepts, able }: RenditionRequest): Rendition["audio"] | "none" => {
  if (audio === undefined || accepts.audio.length === 0 || accepts.audio.includes(audio.codec)) return "as-is";
  return audioTargets.find((codec) => accepts.audio.includes(codec) && able[codec]) ?? "none";
};

/**
 * How a viewer gets what it can decode: untouched wherever possible. A picture that cannot be shown is refused; sound
 * that cannot be had is done without, because the picture matters more.
 */
export const chooseRendition = (request: RenditionRequest): RenditionChoice => {
  const { video, audio, accepts, able } = request;
  const fits = accepts.video.includes(video.codec);
  if (!fits && !accepts.video.includes("h264")) return { kind: "unplayable", codec: video.codec };
  if (!fits && !able.h264) return { kind: "no-transcoder", codec: video.codec };
  const sound = chooseAudio(request);
  const rendition: Rendition = { video: fits ? "as-is" : "h264", audio: sound === "none" ? "as-is" : sound };
  if (sound === "none" && audio !== undefined) return { kind: "silent", rendition, codec: audio.codec };
  return isAsIs(rendition) ? { kind: "as-is" } : { kind: "derived", rendition };
};

export const isAsIs = ({ video, audio }: Rendition): boolean => video === "as-is" && audio === "as-is";
