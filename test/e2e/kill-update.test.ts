import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runKilledAt } from "../support/kill-at.ts";
import { installRelease, publishRelease, script, withKeys, type ReleaseFiles } from "../support/release.ts";
import { applyOffered, never, openUpdates } from "../support/update-command.ts";

const program = new URL("../support/update-command.ts", import.meta.url).pathname;
const key = generateKeyPairSync("ed25519").privateKey;

/**
 * A version whose data have a form of its own, as a number in the database's place: it brings older data to that form, and refuses
 * newer ones. A sick one does so too, and ends.
 */
const versionOf = (version: string, form: number, sick = false): ReleaseFiles =>
  withKeys(
    {
      "bin/gatehouse": script([
        `verb=$1; while [ "$1" != --data ]; do shift; done; data=$2`,
        `case "$verb" in`,
        `check | up)`,
        `  [ "$(cat "$data/gatehouse.db")" -le ${form} ] || { echo "the data are newer" >&2; exit 1; }`,
        `  echo ${form} >"$data/gatehouse.db"`,
        `  [ "$verb" = check ] || ${sick ? "exit 1" : `echo ${version} >"$data/running"`} ;;`,
        `status) [ -f "$data/running" ] || exit 1`,
        `  echo "{\\"gateway\\":{\\"version\\":\\"$(cat "$data/running")\\"},\\"audit\\":{\\"intact\\":true}}" ;;`,
        `camera) echo "[]" ;;`,
        `esac`,
      ]),
    },
    key,
  );

const [old, next] = ["0.1.0", "0.2.0"];
const formOf: Readonly<Record<string, string>> = { [old]: "1", [next]: "2" };

let folder: string;
let template: string;
beforeEach(async () => {
  template = await mkdtemp(join(tmpdir(), "gatehouse-kill-update-"));
  folder = join(template, "home");
  const home = join(template, "template");
  await installRelease(join(home, "install"), old, versionOf(old, 1));
  await mkdir(join(home, "data"), { mode: 0o700 });
  await writeFile(join(home, "data/gatehouse.db"), "1\n");
  await writeFile(join(home, "data/running"), `${old}\n`);
  await mkdir(join(home, "bin"));
});
afterEach(() => rm(template, { recursive: true }));

/** The same house as at the beginning. */
const reset = async (): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await cp(join(template, "template"), folder, { recursive: true, verbatimSymlinks: true });
  const [data, current] = [join(folder, "data"), join(folder, "install/current")];
  const lines = [
    `case "$1" in`,
    `is-active) [ -f '${data}/running' ] ;;`,
    `stop) rm -f '${data}/running' ;;`,
    `start) '${current}/bin/gatehouse' up --data '${data}'; true ;;`,
    `esac`,
  ];
  await writeFile(join(folder, "bin/systemctl"), script(lines));
  await chmod(join(folder, "bin/systemctl"), 0o755);
};
const current = (): string => readlinkSync(join(folder, "install/current")).replace("versions/", "");
const form = (): string => readFileSync(join(folder, "data/gatehouse.db"), "utf8").trim();
const runs = (): string | undefined =>
  existsSync(join(folder, "data/running")) ? readFileSync(join(folder, "data/running"), "utf8").trim() : undefined;

/** The box starts again: what systemd does before the gateway, and the gateway itself. */
const boot = async (): Promise<void> => {
  await rm(join(folder, "data/running"), { force: true });
  {
    using updates = await openUpdates(folder);
    await updates.recover({ beforeStart: true }, never);
  }
  execFileSync(join(folder, "bin/systemctl"), ["start", "gatehouse.service"], { stdio: "ignore" });
};

/** Kills `update apply` before its first, second, ... step, until it comes to its end; looks at what is left each time. */
const killEverywhere = async (look: (n: number) => Promise<void>): Promise<number> => {
  for (let n = 1; ; n += 1) {
    await reset();
    if ((await runKilledAt(n, program, [folder])) === "completed") return n - 1;
    await look(n);
  }
};

describe("an update that is killed at any step", () => {
  it("leaves the old version with its data, or the new one with its own, and can be made again", async () => {
    await publishRelease(join(template, "template/offered"), { version: next, files: versionOf(next, 2), keys: [key] });
    const seen = new Set<string>();
    const steps = await killEverywhere(async (n) => {
      await boot();
      expect([runs(), form()]).toEqual([current(), formOf[current()]]);
      seen.add(current());
      if (n % 4 > 0) return;
      expect(await applyOffered(folder)).toBe(next);
      expect([runs(), current(), form()]).toEqual([next, next, "2"]);
      expect((await readdir(join(folder, "install/update"))).sort()).toEqual(["before", "journal.json", "lock"]);
      expect(await readdir(join(folder, "data"))).not.toContain("gatehouse.db.restoring");
    });
    expect([runs(), current(), form()]).toEqual([next, next, "2"]);
    console.log(`killed before each of ${steps} steps`);
    expect(steps).toBeGreaterThan(30);
    expect([...seen].sort()).toEqual([old, next]);
  }, 240_000);

  it("comes back to the old version and its data from one that ends at once", async () => {
    const sick = { version: next, files: versionOf(next, 2, true), keys: [key] };
    await publishRelease(join(template, "template/offered"), sick);
    const steps = await killEverywhere(async () => {
      // A gateway that ends is started again, until nobody waits for a verdict any more.
      for (let starts = 0; starts < 5 && runs() !== old; starts += 1) await boot();
      expect([runs(), current(), form()]).toEqual([old, old, "1"]);
    });
    expect([runs(), current(), form()]).toEqual([old, old, "1"]);
    console.log(`killed before each of ${steps} steps`);
    expect(steps).toBeGreaterThan(40);
  }, 240_000);
});
