import { GatehouseError, Time, writePrivateFile } from "@gatehouse/shared";
import { z } from "zod";

import { readJson, type Installation } from "./installation.ts";
import { ReleaseVersion } from "./release-version.ts";

/**
 * What an update is about to do; written before it is done, so that whoever comes after a crash knows what may be half done.
 * `fetching`, `unpacking`: nothing of the running gateway is touched. `trying`: it is stopped, and the new version tries copies of
 * its files. `switching`: `current` may lead to either version, the data are untouched. `starting`: the new version may have
 * changed the database. `returning`: the version before, and the database from before, are put back.
 */
export const UpdateStep = z.enum(["idle", "fetching", "unpacking", "trying", "switching", "starting", "returning"]);
export type UpdateStep = z.infer<typeof UpdateStep>;

export const UpdateJournal = z.strictObject({
  format: z.literal(1),
  step: UpdateStep,
  /** When the step began. */
  at: Time,
  /** The version before, and the one that is to follow. */
  from: ReleaseVersion.nullable(),
  to: ReleaseVersion.nullable(),
  /** The gateway ran before the update, and shall run after it. */
  running: z.boolean(),
  /** `returning` puts the database from before back, too. */
  restoring: z.boolean(),
  /** Starts of the new version that nobody has judged yet. */
  starts: z.int().nonnegative(),
  newest: z.strictObject({ version: ReleaseVersion, released: Time }).nullable(),
  /** The version that was taken back. */
  failed: ReleaseVersion.nullable(),
  /** The version that `rollback` leads to. */
  previous: ReleaseVersion.nullable(),
});
export type UpdateJournal = z.infer<typeof UpdateJournal>;

const empty: UpdateJournal = {
  format: 1,
  step: "idle",
  at: 0,
  from: null,
  to: null,
  running: false,
  restoring: false,
  starts: 0,
  newest: null,
  failed: null,
  previous: null,
};

/** @throws GatehouseError `data-corrupt`, `data-newer` for a journal that this version cannot read */
export const readJournal = async (installation: Installation): Promise<UpdateJournal> => {
  const file = installation.work("journal.json");
  const content = await readJson(file);
  if (content === undefined) return empty;
  const journal = UpdateJournal.safeParse(content);
  if (journal.success) return journal.data;
  throw new GatehouseError("data-corrupt", `${file} is no journal of updates that this version can read.`, {
    remedy: "If no update is under way, remove the file.",
  });
};

/** On the disk when this returns; a crash leaves the old content or the new. */
export const writeJournal = (installation: Installation, journal: UpdateJournal): Promise<void> =>
  writePrivateFile(installation.work("journal.json"), JSON.stringify(journal));
