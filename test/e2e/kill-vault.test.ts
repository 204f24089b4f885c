import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { silentLogger, systemClock } from "@gatehouse/shared";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Config } from "../../gateway-bridge/src/config/schema.ts";
import { openDoor, type Door } from "../../gateway-bridge/src/door.ts";
import { runKilledAt } from "../support/kill-at.ts";
import { protection, runVaultCommand } from "../support/vault-command.ts";

jest.setTimeout(300_000);

const never = { signal: new AbortController().signal };
const program = new URL("../support/vault-command.ts", import.meta.url).pathname;

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-vault-"));
  data = join(folder, "data");
});
afterEach(() => rm(folder, { recursive: true }));

/** Opens the door as a start of the gateway does. */
const withDoor = async <T>(of: string, work: (door: Door) => T | Promise<T>): Promise<T> => {
  await using opening = new AsyncDisposableStack();
  const options = {
    data: of,
    passphrase: async () => protection.passphrase,
    config: Config.parse({}),
    searchPath: "",
    clock: systemClock,
    log: silentLogger,
    random: () => 0,
    interfaces: () => ({}),
  };
  return await work(await openDoor(options, opening, never));
};

/** A gateway with a few secrets, one of which says who it is. */
const makeGateway = async (at: string, name: string): Promise<void> => {
  await mkdir(at, { recursive: true, mode: 0o700 });
  await withDoor(at, ({ vault }) => {
    for (const secret of ["name", "camera/one", "camera/two"]) vault.put(secret, Buffer.from(name));
  });
};

/** Whose gateway it is; fails unless the whole of it is one gateway's. */
const whose = (at: string): Promise<string> =>
  withDoor(at, ({ vault, audit, database }) => {
    const names = ["name", "camera/one", "camera/two"].map((secret) => vault.get(secret)?.toString());
    expect(new Set(names).size).toBe(1);
    expect(audit.verify()).toMatchObject({ intact: true });
    expect(database.sql.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    for (const row of database.sql.prepare("SELECT name FROM vault_secrets").all()) {
      expect(vault.get(String(row["name"]))).toBeDefined();
    }
    return names[0] ?? "";
  });

const rows = (at: string, action: string): Promise<number> =>
  withDoor(at, ({ audit }) => audit.list().filter((row) => row.action === action).length);

const ownNames = new Set(["gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm", "vault.key", "gateway.lock"]);
const strangeFiles = async (): Promise<string[]> => (await readdir(data)).filter((name) => !ownNames.has(name));

/** Kills the command before its first step, its second, and so on, each time on a folder made anew, until it completes. */
const killEverywhere = async (
  args: readonly string[],
  { prepare, check }: { prepare: () => Promise<void>; check: (completed: boolean) => Promise<void> },
): Promise<number> => {
  for (let n = 1; ; n += 1) {
    await prepare();
    const completed = (await runKilledAt(n, program, args)) === "completed";
    try {
      await check(completed);
    } catch (cause) {
      throw new Error(`killed before step ${n}`, { cause });
    }
    if (completed) return n - 1;
  }
};

describe("SIGKILL at every step", () => {
  it("of a rotation leaves the old key or the new, and every secret readable", async () => {
    const template = join(folder, "template");
    await makeGateway(template, "home");
    const keys = new Set<string>();
    const steps = await killEverywhere(["rotate", data], {
      prepare: async () => {
        await rm(data, { recursive: true, force: true });
        await cp(template, data, { recursive: true });
      },
      check: async (completed) => {
        expect(await whose(data)).toBe("home");
        const ring = await withDoor(data, ({ database }) => database.sql.prepare("SELECT id FROM vault_keys").all());
        expect(ring).toHaveLength(1);
        keys.add(String(ring[0]?.["id"]));
        const rotated = await rows(data, "vaultRotated");
        if (completed) expect(rotated).toBe(1);
        expect(await strangeFiles()).toEqual([]);
      },
    });
    expect(steps).toBeGreaterThan(15);
    // The old one, and a new one from each run that was killed late.
    expect(keys.size).toBeGreaterThan(2);
  });

  it("of a backup leaves the gateway as it was, and a whole backup or none", async () => {
    await makeGateway(data, "home");
    const file = join(folder, "home.gatehouse");
    const target = join(folder, "target");
    const steps = await killEverywhere(["backup", data, file], {
      prepare: () => rm(file, { force: true }),
      check: async (completed) => {
        expect(await whose(data)).toBe("home");
        expect(await strangeFiles()).toEqual([]);
        const made = (await readdir(folder)).includes("home.gatehouse");
        if (completed) expect(made).toBe(true);
        if (!made) return;
        await runVaultCommand("restore", target, file);
        expect(await whose(target)).toBe("home");
        await rm(target, { recursive: true });
      },
    });
    expect(steps).toBeGreaterThan(10);
  });

  it("of a restore in another's place leaves the old gateway or the new", async () => {
    const [template, file] = [join(folder, "template"), join(folder, "new.gatehouse")];
    await makeGateway(join(folder, "new"), "new");
    await runVaultCommand("backup", join(folder, "new"), file);
    await makeGateway(template, "old");
    // As after a power cut: what the -wal file holds must not be played into the new database.
    const seen: string[] = [];
    const steps = await killEverywhere(["restore", data, file], {
      prepare: async () => {
        await rm(data, { recursive: true, force: true });
        await cp(template, data, { recursive: true });
        await withDoor(data, async ({ database, vault }) => {
          vault.put("late", Buffer.from("old"));
          expect(database.sql.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
          await cp(data, `${data}-crashed`, { recursive: true });
        });
        await rm(data, { recursive: true });
        await cp(`${data}-crashed`, data, { recursive: true });
        await rm(`${data}-crashed`, { recursive: true });
        expect(await readdir(data)).toContain("gatehouse.db-wal");
      },
      check: async (completed) => {
        const now = await whose(data);
        seen.push(now);
        if (completed) expect(now).toBe("new");
        expect(await rows(data, "restored")).toBe(now === "new" ? 1 : 0);
        const strange = await strangeFiles();
        expect(strange).toEqual(now === "new" ? ["before-restore-20261122T102233"] : []);
        if (now === "new") {
          const kept = join(data, strange[0] ?? "");
          expect(await whose(kept)).toBe("old");
          expect(await withDoor(kept, ({ vault }) => vault.get("late")?.toString())).toBe("old");
        }
      },
    });
    expect(steps).toBeGreaterThan(25);
    // Once it is the new one it is never the old one again.
    expect(seen.join(" ")).toMatch(/^(old )+(new ?)+$/);
    expect(seen.filter((name) => name === "new").length).toBeGreaterThan(8);
  });

  it("of protecting the vault leaves a key file that opens it", async () => {
    const template = join(folder, "template");
    await makeGateway(template, "home");
    await killEverywhere(["protect", data], {
      prepare: async () => {
        await rm(data, { recursive: true, force: true });
        await cp(template, data, { recursive: true });
      },
      check: async () => {
        expect(await whose(data)).toBe("home");
      },
    });
  });
});
