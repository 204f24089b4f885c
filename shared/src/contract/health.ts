import { z } from "zod";

import { TierName } from "./camera.ts";
import { CameraId } from "./ids.ts";

/** Something about a stream that its owner can better. */
export const StreamWarning = z.strictObject({
  code: z.enum([
    "keyframe-interval-long",
    "smart-codec",
    "b-frames",
    "no-substream",
    "single-session",
    "packet-loss",
    "jitter",
    "h265-main",
    "transcoding",
    "no-transcoder",
    "sound-not-playable",
  ]),
  /** One sentence with the figures. */
  message: z.string(),
  /** What to do. */
  remedy: z.string(),
});
export type StreamWarning = z.infer<typeof StreamWarning>;

/** One upstream connection and what it brings, as measured over the last seconds. */
export const StreamHealth = z.strictObject({
  camera: CameraId,
  tier: TierName,
  /** `camera` for what the camera sends, else what was made of it: `h264+opus`. */
  rendition: z.string(),
  state: z.enum(["idle", "connecting", "live", "offline"]),
  video: z
    .strictObject({
      codec: z.enum(["h264", "h265"]),
      /** Pixels; 0 while unknown. */
      width: z.int().nonnegative(),
      height: z.int().nonnegative(),
      fps: z.number().nonnegative(),
      /** As the standards count it: 4.1; 0 while unknown. */
      level: z.number().nonnegative(),
      /** From one key picture to the next, in ms; the longest of the last minutes. Null before the second key picture. */
      gopMs: z.number().nonnegative().nullable(),
      gopPictures: z.int().nonnegative().nullable(),
      longestGopMs: z.number().nonnegative().nullable(),
      /** The first of a connection apart. A camera that stretches its GOPs shows it by this one. */
      shortestGopMs: z.number().nonnegative().nullable(),
      bFrames: z.boolean(),
    })
    .nullable(),
  audio: z.enum(["opus", "aac", "pcmu", "pcma", "l16"]).nullable(),
  bitrateKbps: z.number().nonnegative(),
  /** Of the packets of the last minutes, 0 to 1; null where the transport cannot lose any. */
  loss: z.number().min(0).max(1).nullable(),
  /** Over all connections. */
  packetsLost: z.int().nonnegative(),
  jitterMs: z.number().nonnegative().nullable(),
  transport: z.enum(["tcp", "udp", "tls", "tls+srtp", "memory"]).nullable(),
  /** What came over all connections. */
  accessUnits: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Connections made after the first. */
  reconnects: z.int().nonnegative(),
  viewers: z.int().nonnegative(),
  /** Access units that slow viewers did not get. */
  dropped: z.int().nonnegative(),
  /** What the stored pictures weigh. */
  ringBytes: z.int().nonnegative(),
});
export type StreamHealth = z.infer<typeof StreamHealth>;

export const CameraHealth = z.strictObject({
  camera: CameraId,
  streams: z.array(StreamHealth),
  warnings: z.array(StreamWarning),
});
export type CameraHealth = z.infer<typeof CameraHealth>;

/** The program that transcodes, and how well it is locked in. */
export const TranscoderHealth = z.strictObject({
  available: z.boolean(),
  version: z.string().nullable(),
  /** Layers of its sandbox that are in force. */
  sandbox: z.array(z.string()),
  /** What is missing, in words that say what to install. */
  missing: z.array(z.string()),
});
export type TranscoderHealth = z.infer<typeof TranscoderHealth>;

/** Something about the gateway itself that its owner can better. */
export const GatewayWarning = z.strictObject({
  code: z.enum(["clock-wrong", "certificate-failed", "certificate-ending"]),
  message: z.string(),
  /** What to do. */
  remedy: z.string(),
});
export type GatewayWarning = z.infer<typeof GatewayWarning>;

export const MediaHealth = z.strictObject({
  cameras: z.array(CameraHealth),
  transcoder: TranscoderHealth,
});
export type MediaHealth = z.infer<typeof MediaHealth>;

export const GatewayHealth = MediaHealth.extend({
  /** Told to whoever may administer the gateway alone. */
  gateway: z.array(GatewayWarning),
});
export type GatewayHealth = z.infer<typeof GatewayHealth>;
