import { z } from "zod";

import { errorRegistry, type ErrorCode } from "../kernel/errors.ts";
import { CameraId, Name, Time } from "./ids.ts";

const codes = Object.keys(errorRegistry) as [ErrorCode, ...ErrorCode[]];
export const ErrorCodeName = z.enum(codes);

export const TierName = z.enum(["main", "sub", "third"]);
export type TierName = z.infer<typeof TierName>;

/** One quality in which a camera offers its picture. */
export const Tier = z.strictObject({
  name: TierName,
  codec: z.enum(["h264", "h265", "jpeg", "unknown"]),
  /** Pixels; 0 where the camera does not say. */
  width: z.int().nonnegative(),
  height: z.int().nonnegative(),
  /** Frames a second; 0 where the camera does not say. */
  fps: z.number().nonnegative(),
});
export type Tier = z.infer<typeof Tier>;

/** How the gateway speaks to it: by ONVIF, by RTSP alone, or by HTTP for still pictures alone. */
export const CameraKind = z.enum(["onvif", "rtsp", "still"]);
export type CameraKind = z.infer<typeof CameraKind>;

export const CameraState = z.discriminatedUnion("kind", [
  /** Reachable when last asked; nobody watches. */
  z.strictObject({ kind: z.literal("ready") }),
  z.strictObject({ kind: z.literal("connecting") }),
  z.strictObject({ kind: z.literal("live"), viewers: z.int().nonnegative() }),
  z.strictObject({
    kind: z.literal("offline"),
    code: ErrorCodeName,
    message: z.string(),
    remedy: z.string(),
    since: Time,
  }),
]);
export type CameraState = z.infer<typeof CameraState>;

/** A camera as others see it. Never an address, never a credential. */
export const Camera = z.strictObject({
  id: CameraId,
  name: Name,
  kind: CameraKind,
  manufacturer: z.string(),
  model: z.string(),
  firmware: z.string(),
  serial: z.string(),
  tiers: z.array(Tier),
  audio: z.enum(["none", "opus", "aac", "pcmu", "pcma", "l16", "other"]),
  snapshot: z.boolean(),
  motion: z.boolean(),
  /** Whether it has a loudspeaker that the gateway can reach, as far as it told when it was added. */
  talk: z.boolean(),
  /** Whether the gateway keeps the stream open when nobody watches. */
  warm: z.boolean(),
  state: CameraState,
});
export type Camera = z.infer<typeof Camera>;

/** A camera to take under the gateway's guard. */
export const AddCamera = z.strictObject({
  /** `192.168.1.20`, `camera.lan:8080`, `http(s)://…/onvif/device_service`, `rtsp(s)://…` for a plain RTSP camera, or `http(s)://…` of a JPEG picture. No credentials in it. */
  address: z.string().min(1).max(2048),
  name: Name.optional(),
  username: z.string().max(256).optional(),
  password: z.string().max(256).optional(),
  /** Confirms the certificate that the gateway showed: SHA-256 of its public key, base64url. */
  fingerprint: z.string().max(128).optional(),
  warm: z.boolean().default(false),
});
export type AddCamera = z.input<typeof AddCamera>;

/** A device that answered a WS-Discovery probe. Everything in it is the device's own claim. */
export const DiscoveredCamera = z.strictObject({
  address: z.string(),
  name: z.string(),
  hardware: z.string(),
  /** The device's endpoint reference, a URN. */
  endpoint: z.string(),
  added: z.boolean(),
});
export type DiscoveredCamera = z.infer<typeof DiscoveredCamera>;
