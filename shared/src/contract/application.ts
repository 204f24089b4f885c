import { z } from "zod";

import { TierName } from "./camera.ts";
import { Grant } from "./grant.ts";
import { CameraId, Name, PrincipalId } from "./ids.ts";

/** A player, recorder or monitor that can only log in with a name and a password. */
export const NewApplication = z.strictObject({
  name: Name,
  grants: z
    .array(Grant.extend({ action: Grant.shape.action.extract(["live", "snapshot", "clip", "talk", "metrics"]) }))
    .min(1)
    .max(1_000),
});
export type NewApplication = z.infer<typeof NewApplication>;

/** Shown once; the gateway keeps no more of the password than it needs to check it. */
export const ApplicationCredential = z.strictObject({
  principal: PrincipalId,
  /** The principal's id: for RTSP, and for HTTPS with Basic authentication. */
  username: z.string(),
  /** At least 128 random bits. */
  password: z.string(),
  /** Where it may look; no credentials in the addresses. */
  rtsp: z.array(z.strictObject({ camera: CameraId, name: Name, tier: TierName, url: z.string() })),
});
export type ApplicationCredential = z.infer<typeof ApplicationCredential>;
