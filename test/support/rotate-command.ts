/**
 * A gateway whose owner has a camera's password rotated, for `runKilledAt`:
 *
 *   node --conditions=source test/support/rotate-command.ts DATA
 */
import { ImpatientClock } from "./impatient-clock.ts";
import { countFromHere } from "./kill-at.ts";
import { owner, RemedyHome, theCamera } from "./remedy-home.ts";

const never = { signal: new AbortController().signal };

if (import.meta.main) {
  // The gateway's clock keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  await using home = await RemedyHome.open({ data: process.argv[2] ?? "", clock: new ImpatientClock() });
  countFromHere();
  const { id } = await home.runs.propose({ camera: theCamera, remedy: "rotate-password", vendor: false }, owner, never);
  await home.runs.confirm(id, owner);
  await home.runs.settled();
  const [run] = home.runs.list();
  clearInterval(alive);
  if (run?.state !== "done") throw new Error(JSON.stringify(run));
}
