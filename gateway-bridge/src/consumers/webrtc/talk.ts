import type { CameraId, PrincipalId } from "@gatehouse/shared";

import type { AudioTrack } from "../../domain/track.ts";
import type { TalkSink } from "../../media/talk/talk-receiver.ts";

export interface Talker {
  readonly camera: CameraId;
  readonly principal: PrincipalId;
  /** What the talker sends. */
  readonly from: AudioTrack;
}

/** Gives a viewer that may talk a way to do so. Nothing is heard before it says something. */
export type OpenTalk = (talker: Talker) => TalkSink;
