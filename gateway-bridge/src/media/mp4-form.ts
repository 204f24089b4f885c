import type { VideoUnit } from "../domain/access-unit.ts";
import type { AudioTrack, VideoCodec } from "../domain/track.ts";
import { initSegment, type InitSegment } from "../protocols/fmp4/init-segment.ts";
import type { Mp4AudioTrack, Mp4ParameterSets } from "../protocols/fmp4/mp4-track.ts";
import { parameterSetsIn } from "../protocols/fmp4/nal-sample.ts";

/** What a stream consists of from a key picture on, as a player is told of it. */
export interface Mp4Form {
  readonly init: InitSegment;
  readonly codec: VideoCodec;
  readonly parameterSets: Mp4ParameterSets;
  /** The sound that is announced. */
  readonly audio: Mp4AudioTrack | undefined;
}

/** The track as a file has it; undefined for codecs that players do not take in one. */
export const playableSound = (track: AudioTrack | undefined): Mp4AudioTrack | undefined => {
  if (track === undefined || (track.codec !== "aac" && track.codec !== "opus")) return undefined;
  const { codec, clockRate, channels, config } = track;
  return { kind: "audio", codec, timescale: clockRate, channels, ...(config === undefined ? {} : { config }) };
};

const sameSound = (a: Mp4AudioTrack | undefined, b: Mp4AudioTrack | undefined): boolean =>
  a?.codec === b?.codec &&
  a?.timescale === b?.timescale &&
  a?.channels === b?.channels &&
  (a?.config === b?.config || (a?.config !== undefined && b?.config?.equals(a.config) === true));

const sameSets = (a: Mp4ParameterSets, b: Mp4ParameterSets): boolean =>
  a.sps.equals(b.sps) &&
  a.pps.equals(b.pps) &&
  (a.vps === b.vps || (b.vps !== undefined && a.vps?.equals(b.vps) === true));

export interface FormOptions {
  readonly codec: VideoCodec;
  readonly audio: Mp4AudioTrack | undefined;
}

/**
 * The form of the stream that begins with this key picture: `before` itself where nothing changed. Undefined where its parameter sets
 * are missing or cannot be read.
 */
export const formOf = (unit: VideoUnit, { codec, audio }: FormOptions, before?: Mp4Form): Mp4Form | undefined => {
  const parameterSets = parameterSetsIn(codec, unit.nals);
  if (parameterSets === undefined) return undefined;
  if (before?.codec === codec && sameSound(before.audio, audio) && sameSets(before.parameterSets, parameterSets)) {
    return before;
  }
  const video = { kind: "video", codec, timescale: 90_000, parameterSets } as const;
  const init = initSegment(audio === undefined ? [video] : [video, audio]);
  return init && { init, codec, parameterSets, audio };
};
