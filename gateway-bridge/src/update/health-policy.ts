import { z } from "zod";

import type { ReleaseVersion } from "./release-version.ts";

/** What is asked of a gateway about itself. Another version may say more than that. */
export const StatusReport = z.object({
  gateway: z.object({ version: z.string() }),
  audit: z.object({ intact: z.boolean() }),
});
export const CameraReport = z.object({ id: z.string(), name: z.string(), state: z.object({ kind: z.string() }) });

/** What a gateway said of itself. */
export interface Report {
  readonly status: z.infer<typeof StatusReport>;
  readonly cameras: readonly z.infer<typeof CameraReport>[];
}

export type Health =
  | { readonly kind: "healthy" }
  /** May still become healthy. */
  | { readonly kind: "waiting"; readonly why: string }
  | { readonly kind: "sick"; readonly why: string };

const isReached = ({ state }: Report["cameras"][number]): boolean => state.kind === "live" || state.kind === "ready";

/**
 * Judges the new version by what it says, and by what the one before said.
 * @param before undefined where the gateway did not answer before the update
 */
export const judgeHealth = (version: ReleaseVersion, now: Report | undefined, before: Report | undefined): Health => {
  if (now === undefined) return { kind: "waiting", why: "it does not answer" };
  const { gateway, audit } = now.status;
  if (gateway.version !== version) return { kind: "sick", why: `version ${gateway.version} answers` };
  if (!audit.intact && before?.status.audit.intact !== false) return { kind: "sick", why: "its audit log is broken" };
  const reached = new Set(now.cameras.filter(isReached).map(({ id }) => id));
  const lost = (before?.cameras ?? []).filter((camera) => isReached(camera) && !reached.has(camera.id));
  if (lost.length === 0) return { kind: "healthy" };
  return { kind: "waiting", why: `it has not reached ${lost.map(({ name }) => name).join(", ")}` };
};
