import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FleetCamera } from "../simulator/fleet/fleet-camera.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { runKilledAt } from "../support/kill-at.ts";
import { adoptInto, RemedyHome, theCamera } from "../support/remedy-home.ts";

jest.setTimeout(240_000);

const program = new URL("../support/remedy-command.ts", import.meta.url).pathname;
const wish = JSON.stringify({ remedy: "rotate-password" });
/** Longer than a camera remembers wrong passwords: the gateway was off for so long. */
const windowMs = 36 * 60_000;
const mostWrong = 2;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-remedy-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A camera as it was adopted, and the data folder of the gateway that adopted it. */
class Place implements AsyncDisposable {
  readonly camera: FleetCamera;
  readonly data: string;
  readonly #template: string;
  #counted = 0;
  readonly #accounts: FleetCamera["state"]["accounts"];

  private constructor(camera: FleetCamera, at: string) {
    this.camera = camera;
    this.data = `${at}-data`;
    this.#template = at;
    this.#accounts = structuredClone(camera.state.accounts);
  }

  static async open(at: string): Promise<Place> {
    const weaknesses = { "CAM-LEASTPRIV": true, "NET-HTTPS-OFF": true } as const;
    const camera = await FleetCamera.open({ weaknesses });
    const clock = new ImpatientClock();
    await adoptInto(at, clock, camera.facts);
    await (await RemedyHome.open({ data: at, clock }))[Symbol.asyncDispose]();
    return new Place(camera, at);
  }

  async reset(): Promise<void> {
    Object.assign(this.camera.state.accounts, structuredClone(this.#accounts));
    // It remembers more wrong passwords by now than any one gateway sends.
    this.camera.forgive();
    this.wrong();
    await rm(this.data, { recursive: true, force: true });
    await cp(this.#template, this.data, { recursive: true });
  }

  /** Wrong passwords of the gateway's account since this was asked before. */
  wrong(): number {
    const { username } = this.camera.facts;
    const { tries } = this.camera.counts;
    const since = tries.slice(this.#counted);
    this.#counted = tries.length;
    return since.filter(({ account }) => account === username).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.camera[Symbol.asyncDispose]();
  }
}

/** The gateway starts again, and finishes what was under way. */
const startAgain = async ({ camera, data }: Place): Promise<string> => {
  const clock = new ImpatientClock();
  clock.jump(windowMs);
  await using home = await RemedyHome.open({ data, clock });
  home.runs.resume();
  await home.runs.settled();
  const { username, password } = home.cameras.credentials(theCamera)!;
  for (const plane of ["onvif", "web"] as const) {
    expect(camera.knows(plane, username, password.reveal())).toBe(true);
  }
  await home.cameras.snapshot(theCamera, {}, { signal: new AbortController().signal });
  expect(home.secrets).toEqual([`camera/${theCamera}`]);
  expect(home.audit.verify()).toMatchObject({ intact: true });
  const [run] = home.runs.list();
  return `${run?.state ?? "none"} ${password.reveal() === camera.facts.password ? "old" : "new"}`;
};

it("SIGKILL at any step of a rotation leaves a camera that the gateway can log in to, and no orphan in the vault", async () => {
  const ends: string[] = [];
  let next = 1;
  let completed = false;
  const killEverywhere = async (at: string): Promise<void> => {
    await using place = await Place.open(join(folder, at));
    while (!completed) {
      const n = next++;
      await place.reset();
      const outcome = await runKilledAt(n, program, [place.data, wish], { sending: /SetUser/ });
      completed ||= outcome === "completed";
      const before = place.wrong();
      try {
        ends[n] = await startAgain(place);
        expect([before, place.wrong()].every((wrong) => wrong <= mostWrong)).toBe(true);
      } catch (cause) {
        throw new Error(`killed before step ${n}`, { cause });
      }
    }
  };
  await Promise.all([killEverywhere("one"), killEverywhere("two")]);
  // Nothing yet, then proposed, then done at the next start: nowhere in between is anything lost or left.
  expect(ends.slice(1).join(" ")).toMatch(/^(none old )*(proposed old )+(done new ?)+$/);
  expect(ends.length).toBeGreaterThan(25);
});
