/**
 * A gateway whose owner has it do something about a camera, one thing after the other; tells how each went, and what it goes by afterwards:
 *
 *   node --conditions=source test/support/mend-command.ts DATA (REMEDY | undo:REMEDY)...
 */
import { isGatehouseError, RemedyId, type RemedyRun } from "@gatehouse/shared";

import type { Credentials } from "../../gateway-bridge/src/domain/camera.ts";
import { Initialise } from "../../gateway-bridge/src/posture/remedies/initialise.ts";
import { onvifRemedies } from "../../gateway-bridge/src/posture/remedies/onvif-remedies.ts";
import { createDrawPassword } from "../../gateway-bridge/src/posture/remedies/draw-password.ts";
import { removeUsers } from "../../gateway-bridge/src/posture/remedies/remove-users.ts";
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
  /** In the order of the words. */
  readonly runs: readonly RemedyRun[];
  /** Where it is now, and the key that it is known by. */
  readonly url: string;
  readonly pin: string | null;
  /** Where its pictures are fetched; null where the gateway does not get to the camera. */
  readonly stream: string | null;
  /** What it is told settings with, and what it is watched with. */
  readonly settings: Login;
  readonly watching: Login;
}

const written = (credentials: Credentials | undefined): Login => ({
  username: credentials?.username ?? "",
  password: credentials?.password.reveal() ?? "",
});

const propose = async ({ runs }: RemedyHome, remedy: RemedyId): Promise<string> => {
  const { id } = await runs.propose({ camera: theCamera, remedy, vendor: false }, owner, never);
  await runs.confirm(id, owner);
  return id;
};

/** Takes back what was done last of that kind. */
const takeBack = ({ runs }: RemedyHome, remedy: RemedyId): string => {
  const done = runs.list().find((run) => run.remedy === remedy && run.state === "done");
  if (done === undefined) throw new Error(`there is no ${remedy} to take back`);
  return runs.undo(done.id, owner).id;
};

const carryOut = async (home: RemedyHome, word: string): Promise<RemedyRun> => {
  const [, undo, name] = /^(undo:)?(.+)$/.exec(word) ?? [];
  const remedy = RemedyId.parse(name);
  const id = undo === undefined ? await propose(home, remedy) : takeBack(home, remedy);
  await home.runs.settled();
  return home.runs.list().find((run) => run.id === id)!;
};

const streamOf = async ({ cameras }: RemedyHome): Promise<string | null> => {
  try {
    return (await cameras.endpoint(theCamera, "main", never)).url;
  } catch (error) {
    if (isGatehouseError(error)) return null;
    throw error;
  }
};

if (import.meta.main) {
  const [, , data = "", ...words] = process.argv;
  // The gateway's clock keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  const three = await ThreeWords.open();
  const draw = createDrawPassword(() => three.propose());
  const remedies = [new Initialise(draw), new RotatePassword(draw), new StreamingUser(draw), removeUsers, ...onvifRemedies]; // prettier-ignore
  await using home = await RemedyHome.open({ data, clock: new ImpatientClock(), remedies });
  const runs: RemedyRun[] = [];
  for (const word of words) runs.push(await carryOut(home, word));
  const { url, pin } = home.cameras.get(theCamera);
  const settings = written(home.cameras.managementCredentials(theCamera));
  const watching = written(home.cameras.credentials(theCamera));
  const mended: Mended = { runs, url, pin, stream: await streamOf(home), settings, watching };
  clearInterval(alive);
  console.log(JSON.stringify(mended));
}
