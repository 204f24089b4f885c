import { CameraId, type Camera } from "@gatehouse/shared";
import { z } from "zod";

/**
 * What the plugin remembers of a camera while the gateway is away. Kept on disk by older and newer versions of this plugin,
 * so all but the id has a fallback, and what is unknown is ignored.
 */
export const KnownCamera = z.object({
  id: CameraId,
  name: z.string().catch("Camera"),
  manufacturer: z.string().catch(""),
  model: z.string().catch(""),
  serial: z.string().catch(""),
  firmware: z.string().catch(""),
  /** Whether HomeKit is offered sound. */
  sound: z.boolean().catch(false),
  /** Whether HomeKit is offered to talk through the camera. */
  talk: z.boolean().catch(false),
});
export type KnownCamera = z.infer<typeof KnownCamera>;

export const knownCamera = ({ id, name, manufacturer, model, serial, firmware, audio, talk }: Camera): KnownCamera => ({
  id,
  name,
  manufacturer,
  model,
  serial,
  firmware,
  // The gateway makes Opus of every codec that it knows, and says in each session whether it can.
  sound: audio !== "none" && audio !== "other",
  talk,
});
