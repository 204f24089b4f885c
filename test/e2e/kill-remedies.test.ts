import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { serverOf } from "../../gateway-bridge/src/posture/remedies/login-places.ts";
import { runStoppingAtEach } from "../support/kill-at.ts";
import { RemedyHome, theCamera } from "../support/remedy-home.ts";
import { RemedyPlace, type Moment } from "../support/remedy-place.ts";
import { remedyScenarios, type RemedyScenario } from "../support/remedy-scenarios.ts";

/*
 * SIGKILL leaves to the next start nothing but the files and the camera. So one run of a remedy stands still before each of its steps, both are
 * kept as they are then, and a gateway is started from each: every step for the price of one program. That a program is really killed is the part
 * of kill-remedy.test.ts.
 */

jest.setTimeout(240_000);

const program = new URL("../support/remedy-command.ts", import.meta.url).pathname;
const never = { signal: new AbortController().signal };
/** What changes a camera: operations of ONVIF, and pages of the vendor's. */
const telling = /<(?:\w+:)?(?:Set|Create|Delete|Add|Replace|Remove)[A-Z]|^PUT /;
const windowMs = 35 * 60_000;
const mostWrong = 2;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-remedies-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Before each step of the remedy, and after the last. */
const momentsOf = async (place: RemedyPlace, { wish }: RemedyScenario): Promise<readonly Moment[]> => {
  const moments: Moment[] = [];
  const keep = async (name: string): Promise<void> => void moments.push(await place.keep(name));
  await place.putBack(await place.keep("before"));
  const lookAt = (n: number): Promise<void> => keep(String(n));
  await runStoppingAtEach(program, [place.data, JSON.stringify(wish)], { sending: telling, lookAt });
  await keep("after");
  return moments;
};

/** By ONVIF, on its page and at its stream, with what the gateway has stored; and it trusts the key that the camera shows. */
const expectLogin = async (home: RemedyHome, { camera }: RemedyPlace): Promise<void> => {
  const watching = home.cameras.credentials(theCamera)!;
  const settings = home.cameras.managementCredentials(theCamera)!;
  if (camera.state.initialised) {
    expect(camera.knows("web", watching.username, watching.password.reveal())).toBe(true);
    expect(camera.knows("onvif", settings.username, settings.password.reveal())).toBe(true);
  }
  const { url, pin } = home.cameras.get(theCamera);
  expect(pin).toBe(url.startsWith("https:") ? camera.servedPin : null);
  await home.cameras.snapshot(theCamera, { fresh: true }, never);
  await using looking = new AsyncDisposableStack();
  const asked = await home.look(theCamera, { vendor: false, firmware: undefined, inDoubt: false }, never);
  looking.defer(async () => asked[Symbol.asyncDispose]?.());
  // Told to nobody who does not log in by ONVIF.
  const [main] = asked.streams;
  const { status } = await asked.rtsp.describe(serverOf(main!.url), { kind: "gateway" }, never);
  expect(status).toBe(200);
};

/** The gateway's login, what the undoable changes need, and nothing else. */
const expectNoOrphan = (home: RemedyHome): void => {
  const logins = [home.cameras.credentials(theCamera), home.cameras.managementCredentials(theCamera)];
  const isApart = logins[0]?.username !== logins[1]?.username;
  const undoable = home.runs.list().filter(({ state, undoable: may }) => state === "done" && may);
  const expected = [
    `camera/${theCamera}`,
    ...(isApart ? [`camera/${theCamera}/management`] : []),
    ...undoable.map(({ id }) => `camera/${theCamera}/before/${id}`),
  ];
  expect(home.secrets.toSorted()).toEqual(expected.toSorted());
};

const expectWithinBudget = (tries: Moment["tries"]): void => {
  for (const { account, at } of tries) {
    const within = tries.filter((one) => one.account === account && one.at <= at && at - one.at < windowMs);
    expect(within.length).toBeLessThanOrEqual(mostWrong);
  }
};

/** The gateway starts again, at once, and finishes what was under way. @returns what it tells of it */
const startAgain = async (place: RemedyPlace, moment: Moment, scenario: RemedyScenario): Promise<string> => {
  const clock = await place.putBack(moment);
  const restarted = scenario.restarts === true ? place.camera.reboot(100) : undefined;
  await using home = await RemedyHome.open({ data: place.data, clock });
  home.runs.resume();
  await home.runs.settled();
  await restarted;
  const [run] = home.runs.list();
  const state = run?.state ?? "none";
  try {
    expectWithinBudget([...moment.tries, ...place.tries]);
    // A look is within the budget, too.
    await clock.delay(windowMs + 60_000, never);
    await expectLogin(home, place);
    expectNoOrphan(home);
    expect(home.audit.verify()).toMatchObject({ intact: true });
    if (state === "failed") expect(run).toMatchObject({ error: expect.stringMatching(/./), left: null });
    const isDone = run?.remedy === scenario.wish.remedy && state === "done";
    for (const one of scenario.changed(place.camera)) expect(one).toBe(isDone);
  } catch (cause) {
    throw new Error(`${JSON.stringify(run)} ${JSON.stringify(home.log.lines)}`, { cause });
  }
  return state;
};

it.each(remedyScenarios)("cut off before any step, $name, is finished or taken back", async (scenario) => {
  await using place = await RemedyPlace.open(join(folder, "data"), scenario);
  const moments = await momentsOf(place, scenario);
  const every = process.env["GATEHOUSE_KILLS"] === "all" ? 1 : (scenario.every ?? 1);
  const first = randomInt(every);
  const ends: string[] = [];
  for (const [index, moment] of moments.entries()) {
    // The first and the last, to see where it begins and ends, and those that it is the turn of.
    if (index % every !== first && index !== 0 && index !== moments.length - 1) continue;
    try {
      ends.push(await startAgain(place, moment, scenario));
    } catch (cause) {
      throw new Error(`cut off before step ${index + 1} of ${moments.length}`, { cause });
    }
  }
  expect(ends.join(" ")).toMatch(scenario.ends);
});
