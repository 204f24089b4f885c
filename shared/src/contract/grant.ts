import { z } from "zod";

import { CameraId } from "./ids.ts";

/** What a principal can be allowed to do. */
export const Action = z.enum([
  "live",
  "snapshot",
  "clip",
  "events",
  "ptz",
  "talk",
  "control",
  "metrics",
  "admin",
  "remote",
  "remedy",
]);
export type Action = z.infer<typeof Action>;

/** One permission: this action, on this camera or on all. What no grant names is refused. */
export const Grant = z.strictObject({ action: Action, camera: z.union([CameraId, z.literal("*")]) });
export type Grant = z.infer<typeof Grant>;

/**
 * Who is on the other side. None but the owner can ever hold `admin`, `remote` or `remedy`. An `application` (a player, a
 * recorder, Prometheus) logs in with a password that the gateway drew for it; all others prove a key.
 */
export const PrincipalKind = z.enum(["owner", "homebridge", "node-red", "application"]);
export type PrincipalKind = z.infer<typeof PrincipalKind>;

/** Who is let in by a pairing string. */
export const PairedKind = PrincipalKind.exclude(["owner", "application"]);
export type PairedKind = z.infer<typeof PairedKind>;

/** Actions that no service principal can hold, whoever grants them. */
export const ownerOnlyActions: readonly Action[] = ["admin", "remote", "remedy"];
