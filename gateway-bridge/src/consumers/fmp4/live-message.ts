import type { WireError } from "@gatehouse/shared";

/**
 * The text messages of a live view. `start` comes first, and again each time the stream changes its form: binary messages follow, an init
 * segment and then fragments. `live` tells once per view that the stored pictures are out: everything from then on is sent as it
 * comes, and a player that is behind `position` (seconds of media time) seeks there. `end` is the last message.
 */
export type LiveMessage =
  | {
      readonly kind: "start";
      /** For `MediaSource.addSourceBuffer`: `video/mp4; codecs="avc1.4d4028,mp4a.40.2"`. */
      readonly mime: string;
      /** Pixels. */
      readonly width: number;
      readonly height: number;
    }
  | { readonly kind: "live"; readonly position: number }
  | ({ readonly kind: "end" } & WireError);
