import { z } from "zod";

import { Time } from "./ids.ts";

/**
 * What an update is about to do; written before it is done, so that whoever comes after a crash knows what may be half done.
 * `fetching`, `unpacking`: nothing of the running gateway is touched. `trying`: it is stopped, and the new version tries copies of
 * its files. `switching`: either version may be the one to run, the data are untouched. `starting`: the new version may have
 * changed the database. `returning`: the version before, and the database from before, are put back.
 */
export const UpdateStep = z.enum(["idle", "fetching", "unpacking", "trying", "switching", "starting", "returning"]);
export type UpdateStep = z.infer<typeof UpdateStep>;

/** A fault, made public, of a package that this version brought along. */
export const KnownFault = z.strictObject({
  id: z.string(),
  package: z.string(),
  version: z.string(),
  severity: z.enum(["low", "moderate", "high", "critical"]),
  url: z.string(),
});
export type KnownFault = z.infer<typeof KnownFault>;

/** How old the gateway's program is, as far as it can know without asking anybody. */
export const UpdateState = z.strictObject({
  /** The version that runs. */
  current: z.string(),
  /** Until when security faults of it are mended. */
  supportedUntil: Time,
  /** The newest release that `gatehouse update` has seen, where it is newer and was not taken back here. */
  available: z.strictObject({ version: z.string(), released: Time }).nullable(),
  /** What an update is at; null where the gateway was not installed from a release. */
  step: UpdateStep.nullable(),
  advisories: z.strictObject({
    /** The day of the list that came with the release: what was found later is not in it. Null where there is no list. */
    asOf: z.iso.date().nullable(),
    found: z.array(KnownFault),
  }),
});
export type UpdateState = z.infer<typeof UpdateState>;
