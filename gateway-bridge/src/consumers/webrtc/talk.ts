import type { SessionOwner } from "../../domain/session-filter.ts";
import type { AudioTrack } from "../../domain/track.ts";
import type { TalkSink } from "../../media/talk/talk-receiver.ts";

export interface Talker extends SessionOwner {
  /** What the talker sends. */
  readonly from: AudioTrack;
}

/** Gives a viewer that may talk a way to do so. Nothing is heard before it says something. */
export type OpenTalk = (talker: Talker) => TalkSink;
