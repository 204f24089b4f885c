import { GatehouseError } from "@gatehouse/shared";

import type { AudioCodec, AudioTrack, VideoCodec } from "../../domain/track.ts";
import type { StreamTracks } from "../../media/stream.ts";
import { audioCodecOf, audioSection, chooseAudio, chooseTalk, chooseVideo, videoSection } from "./codec-policy.ts";
import type { Direction, Offer } from "./offer.ts";
import type { PeerTrackPlan } from "./peer-connection.ts";

/** What a session sends and takes, as it is answered. */
export interface SessionPlan {
  readonly video: PeerTrackPlan;
  readonly videoCodec: VideoCodec;
  /** Undefined where the offer has no sound that can be had. */
  readonly audio: PeerTrackPlan | undefined;
  /** What the viewer hears; undefined when nothing. */
  readonly heard: AudioCodec | undefined;
  /** What the viewer says; undefined when it may not or does not want to. */
  readonly said: AudioTrack | undefined;
}

const directionOf = (heard: boolean, said: boolean): Direction => {
  if (heard) return said ? "sendrecv" : "sendonly";
  return said ? "recvonly" : "inactive";
};

type AudioPlan = Pick<SessionPlan, "audio" | "heard" | "said">;

const planAudio = (offer: Offer, track: AudioTrack | undefined, mayTalk: boolean): AudioPlan => {
  const section = audioSection(offer);
  const none: AudioPlan = { audio: undefined, heard: undefined, said: undefined };
  if (section === undefined) return none;
  const speaks = mayTalk && (section.direction === "sendrecv" || section.direction === "sendonly");
  const heard = chooseAudio(section, track);
  const format = heard ?? (speaks ? chooseTalk(section) : undefined);
  const codec = format && audioCodecOf(format);
  if (format === undefined || codec === undefined) return none;
  const { clockRate, channels } = format;
  return {
    audio: {
      kind: "audio",
      mid: section.mid,
      direction: directionOf(heard !== undefined, speaks),
      format,
      ssrcs: speaks ? section.ssrcs : [],
    },
    heard: heard && codec,
    said: speaks ? { kind: "audio", codec, clockRate, channels } : undefined,
  };
};

/**
 * What is answered to an offer for a stream that it can play.
 * @throws GatehouseError `codec-unsupported`
 */
export const planSession = (offer: Offer, tracks: StreamTracks, mayTalk: boolean): SessionPlan => {
  const section = videoSection(offer);
  const format = section && chooseVideo(section, tracks.video);
  if (section === undefined || format === undefined) {
    throw new GatehouseError("codec-unsupported", `The viewer cannot play ${tracks.video.codec}.`);
  }
  return {
    video: { kind: "video", mid: section.mid, direction: "sendonly", format, ssrcs: [] },
    videoCodec: tracks.video.codec,
    ...planAudio(offer, tracks.audio, mayTalk),
  };
};
