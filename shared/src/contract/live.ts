import { z } from "zod";

import { WireError } from "./wire-error.ts";

/** An SDP offer or answer: RFC 8866 text. */
export const Sdp = z
  .string()
  .min(1)
  .max(48 * 1024);

/** A text message of a live fMP4 WebSocket. */
export const LiveMessage = z.discriminatedUnion("kind", [
  /** The first, and again each time the stream changes its form: binary messages follow, an init segment and then fragments. */
  z.strictObject({
    kind: z.literal("start"),
    /** For `MediaSource.addSourceBuffer`: `video/mp4; codecs="avc1.4d4028,mp4a.40.2"`. */
    mime: z.string(),
    /** Pixels; 0 where the stream does not say. */
    width: z.int().nonnegative(),
    height: z.int().nonnegative(),
  }),
  /**
   * Once: the stored pictures are out, and everything from now on is sent as it comes. A player that is behind `position`
   * (seconds of media time) seeks there.
   */
  z.strictObject({ kind: z.literal("live"), position: z.number().nonnegative() }),
  /** Why there is nothing more to see; the last. */
  z.strictObject({ kind: z.literal("end"), error: WireError.shape.error }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
