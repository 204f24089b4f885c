import { fakeCameraId } from "@gatehouse/shared/testing";
import { systemClock } from "@gatehouse/shared";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { runKilledAt } from "../support/kill-at.ts";

jest.setTimeout(120_000);

const program = new URL("../support/guess-command.ts", import.meta.url).pathname;
const camera = fakeCameraId("a");

let folder: string;
let database: string;
let seen: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-guesses-"));
  database = join(folder, "gatehouse.db");
  seen = join(folder, "seen");
  await writeFile(seen, "");
  using opened = Database.open(database);
  GuessLedger.open({ database: opened, clock: systemClock });
});
afterEach(() => rm(folder, { recursive: true }));

/** How many wrong passwords each account saw. */
const counts = async (): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>();
  for (const account of (await readFile(seen, "utf8")).split("\n")) {
    if (account !== "") found.set(account, (found.get(account) ?? 0) + 1);
  }
  return found;
};
const never = 1_000_000;
const run = (n: number, ...accounts: string[]) => runKilledAt(n, program, [database, camera, seen, ...accounts]);

describe("wrong passwords of several processes", () => {
  it("are two at most together", async () => {
    await Promise.all([run(never, "admin", "root"), run(never, "admin", "root"), run(never, "root", "admin")]);
    expect([...(await counts())].sort()).toEqual([
      ["admin", 2],
      ["root", 2],
    ]);
  });

  it("are two at most, wherever one of them was killed", async () => {
    const accounts: string[] = [];
    for (let n = 1; ; n += 1) {
      accounts.push(`admin${n}`);
      if ((await run(n, `admin${n}`)) === "completed") break;
    }
    // Each of them was killed at another step: while nothing was written, while it was, after it was sent.
    expect(accounts.length).toBeGreaterThan(8);
    await run(never, ...accounts);
    expect(new Set((await counts()).values())).toEqual(new Set([2]));
  });
});
