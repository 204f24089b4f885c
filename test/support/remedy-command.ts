/**
 * A gateway whose owner has it do something about a camera, and perhaps take it back, for `kill-at.ts`:
 *
 *   node --conditions=source test/support/remedy-command.ts DATA WISH
 */
import type { RemedyId, RemedyRun } from "@gatehouse/shared";

import { ImpatientClock } from "./impatient-clock.ts";
import { countFromHere } from "./kill-at.ts";
import { owner, RemedyHome, theCamera } from "./remedy-home.ts";

/** What is done about the camera; JSON on the command line. */
export interface RemedyWish {
  readonly remedy: RemedyId;
  /** In the vendor's own words, too. */
  readonly vendor?: boolean;
  /** It is taken back when it is done. */
  readonly undo?: boolean;
}

const never = { signal: new AbortController().signal };

/** Proposes and confirms it, and waits for its end. */
export const mend = async ({ runs }: RemedyHome, { remedy, vendor = false }: RemedyWish): Promise<RemedyRun> => {
  const { id } = await runs.propose({ camera: theCamera, remedy, vendor }, owner, never);
  await runs.confirm(id, owner);
  await runs.settled();
  return runs.list().find((run) => run.id === id)!;
};

if (import.meta.main) {
  const [, , data = "", wish = "{}"] = process.argv;
  const { undo = false, ...wanted } = JSON.parse(wish) as RemedyWish;
  // The gateway's clock keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  await using home = await RemedyHome.open({ data, clock: new ImpatientClock() });
  countFromHere();
  const run = await mend(home, wanted);
  if (undo) {
    home.runs.undo(run.id, owner);
    await home.runs.settled();
  }
  clearInterval(alive);
}
