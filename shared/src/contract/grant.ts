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
  "admin",
  "remote",
  "remedy",
]);
export type Action = z.infer<typeof Action>;

/** One permission: this action, on this camera or on all. What no grant names is refused. */
export const Grant = z.strictObject({ action: Action, camera: z.union([CameraId, z.literal("*")]) });
export type Grant = z.infer<typeof Grant>;

/** Who is on the other side. A service can never hold `admin`, `remote` or `remedy`. */
export const PrincipalKind = z.enum(["owner", "homebridge", "node-red"]);
export type PrincipalKind = z.infer<typeof PrincipalKind>;

/** Actions that no service principal can hold, whoever grants them. */
export const ownerOnlyActions: readonly Action[] = ["admin", "remote", "remedy"];
