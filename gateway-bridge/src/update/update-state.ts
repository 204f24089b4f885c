import type { UpdateState } from "@gatehouse/shared";
import { dirname } from "node:path";

import { readJournalIn, type UpdateJournal } from "./journal.ts";
import { knownFaults } from "./known-faults.ts";
import { compareVersions } from "./release-version.ts";

/** The version that asks. */
export type OwnVersion = Pick<UpdateState, "current" | "supportedUntil">;

/**
 * What the running gateway can tell of updates. It asks nobody: `gatehouse update`, which root runs, leaves what it has seen.
 * @param release the folder of the release that runs; undefined for what was not installed from one
 */
export const readUpdateState = async (own: OwnVersion, release: string | undefined): Promise<UpdateState> => {
  if (release === undefined) return { ...own, available: null, step: null, advisories: { asOf: null, found: [] } };
  const journal = await readJournalIn(dirname(dirname(release)));
  return {
    ...own,
    available: journal === undefined ? null : availableOf(journal, own),
    step: journal?.step ?? null,
    advisories: await knownFaults(release),
  };
};

const availableOf = ({ newest, failed }: UpdateJournal, { current }: OwnVersion): UpdateState["available"] =>
  newest !== null && newest.version !== failed && compareVersions(newest.version, current) > 0 ? newest : null;
