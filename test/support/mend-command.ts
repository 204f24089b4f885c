/**
 * A gateway whose owner has it do something about a camera, one thing after the other; tells how each went, and its logins afterwards:
 *
 *   node --conditions=source test/support/mend-command.ts DATA REMEDY...
 */
import type { RemedyId, RemedyRun } from "@gatehouse/shared";

import type { Credentials } from "../../gateway-bridge/src/domain/camera.ts";
import { onvifRemedies } from "../../gateway-bridge/src/posture/remedies/onvif-remedies.ts";
import { createDrawPassword } from "../../gateway-bridge/src/posture/remedies/draw-password.ts";
import { RotatePassword } from "../../gateway-bridge/src/posture/remedies/rotate-password.ts";
import { StreamingUser } from "../../gateway-bridge/src/posture/remedies/streaming-user.ts";
import { ThreeWords } from "../../gateway-bridge/src/access/people/three-words.ts";
import { ImpatientClock } from "./impatient-clock.ts";
import { owner, RemedyHome, theCamera } from "./remedy-home.ts";

const never = { signal: new AbortController().signal };

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What it prints, as one line of JSON. */
export interface Mended {
  readonly runs: readonly RemedyRun[];
  /** Where it is now. */
  readonly url: string;
  /** What it is told settings with, and what it is watched with. */
  readonly settings: Login;
  readonly watching: Login;
}

const written = (credentials: Credentials | undefined): Login => ({
  username: credentials?.username ?? "",
  password: credentials?.password.reveal() ?? "",
});

if (import.meta.main) {
  const [, , data = "", ...wanted] = process.argv;
  // The gateway's clock keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  const words = await ThreeWords.open();
  const draw = createDrawPassword(() => words.propose());
  const remedies = [new RotatePassword(draw), new StreamingUser(draw), ...onvifRemedies];
  await using home = await RemedyHome.open({ data, clock: new ImpatientClock(), remedies });
  const runs: RemedyRun[] = [];
  for (const remedy of wanted as RemedyId[]) {
    const { id } = await home.runs.propose({ camera: theCamera, remedy, vendor: false }, owner, never);
    await home.runs.confirm(id, owner);
    await home.runs.settled();
    runs.push(home.runs.list().find((run) => run.id === id)!);
  }
  clearInterval(alive);
  const settings = written(home.cameras.managementCredentials(theCamera));
  const watching = written(home.cameras.credentials(theCamera));
  const mended: Mended = { runs, url: home.cameras.get(theCamera).url, settings, watching };
  console.log(JSON.stringify(mended));
}
