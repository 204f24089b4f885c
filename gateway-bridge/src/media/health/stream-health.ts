import type { StreamHealth, StreamStatus } from "@gatehouse/shared";

import type { AudioTrack, VideoTrack } from "../../domain/track.ts";
import { readSequence } from "../../protocols/nal/sequence.ts";
import type { Measured } from "./stream-meter.ts";

export interface HealthParts {
  readonly status: StreamStatus;
  readonly state: StreamHealth["state"];
  readonly rendition: string;
  /** With the parameter sets in force. */
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  readonly measured: Measured;
  readonly ringBytes: number;
}

/** level_idc of level 1.0, by codec. */
const levelUnits = { h264: 10, h265: 30 } as const;

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** A stream's figures in the form in which they are told. */
export const describeHealth = (parts: HealthParts): StreamHealth => {
  const { status, state, rendition, video, audio, measured, ringBytes } = parts;
  const { camera, tier, viewers, dropped, accessUnits, bytes, connects } = status;
  const { loss, jitterMs, transport, packetsLost } = measured;
  return {
    camera,
    tier,
    rendition,
    state,
    video: video === undefined ? null : describeVideo(video, measured),
    audio: audio?.codec ?? null,
    bitrateKbps: Math.round(measured.bitrateKbps),
    loss,
    packetsLost,
    jitterMs: jitterMs === null ? null : tenths(jitterMs),
    transport,
    accessUnits,
    bytes,
    reconnects: Math.max(0, connects - 1),
    viewers,
    dropped,
    ringBytes,
  };
};

const describeVideo = ({ codec, parameterSets }: VideoTrack, measured: Measured): StreamHealth["video"] => {
  const declared = parameterSets && readSequence(codec, parameterSets.sps);
  const { fps, gopMs, gopPictures, longestGopMs, shortestGopMs, bFrames } = measured;
  const whole = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
  return {
    codec,
    width: declared?.width ?? 0,
    height: declared?.height ?? 0,
    level: (declared?.level ?? 0) / levelUnits[codec],
    fps: tenths(fps),
    gopMs: whole(gopMs),
    gopPictures,
    longestGopMs: whole(longestGopMs),
    shortestGopMs: whole(shortestGopMs),
    // A whole GOP shows it; before, the camera's own word has to do.
    bFrames: bFrames || (gopMs === null && (declared?.reorder ?? 0) > 0),
  };
};
