import { GatehouseError, Time, UpdateStep, writePrivateFile } from "@gatehouse/shared";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

import { readJson, type Installation } from "./installation.ts";
import { ReleaseVersion } from "./release-version.ts";

/** What an update does, and what the ones before have left. Written down before each step. */
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

/** The journal of an installation as its gateway sees it, which only reads; undefined where it cannot. */
export const readJournalIn = async (install: string): Promise<UpdateJournal | undefined> => {
  const content = (await readJson(join(install, "update/journal.json"))) ?? empty;
  return UpdateJournal.safeParse(content).data;
};

/** On the disk when this returns; a crash leaves the old content or the new. */
export const writeJournal = async (installation: Installation, journal: UpdateJournal): Promise<void> => {
  const file = installation.work("journal.json");
  await writePrivateFile(file, JSON.stringify(journal));
  // It holds no secret, and the gateway, which runs as another user, tells what it says.
  await chmod(file, 0o644);
};
