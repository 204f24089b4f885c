import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { silentLogger, systemClock } from "@gatehouse/shared";
import { mkdtempSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Config } from "../../gateway-bridge/src/config/schema.ts";
import { Gateway } from "../../gateway-bridge/src/gateway.ts";
import { Database, type Migrations } from "../../gateway-bridge/src/store/database.ts";
import { earlierDatabases, restoreEarlier } from "../support/earlier-databases.ts";
import { runKilledAt } from "../support/kill-at.ts";
import { migrateAll } from "../support/migrate-command.ts";

// Hundreds of processes: nothing here is about how long they take.
jest.setTimeout(300_000);

const program = new URL("../support/migrate-command.ts", import.meta.url).pathname;
const never = { signal: new AbortController().signal };

let folder: string;
/** Of every table, in the order in which a gateway opens them. */
let today: readonly Migrations[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-kill-migration-"));
  const migrate = jest.spyOn(Database.prototype, "migrate");
  await start(join(folder, "recorded"));
  today = [...new Map(migrate.mock.calls.map(([migrations]) => [migrations.name, migrations])).values()];
  migrate.mockRestore();
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts a gateway on a data folder, and ends it. Answers the names of its cameras and of whom it knows. */
const start = async (data: string): Promise<{ cameras: string[]; principals: string[] }> => {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const nowhere = { host: "127.0.0.1", port: 0 };
  const options = {
    data,
    config: Config.parse({ listen: nowhere, rtsp: nowhere }),
    searchPath: "",
    clock: systemClock,
    log: silentLogger,
    random: () => 0,
    interfaces: networkInterfaces,
  };
  await (await Gateway.open(options, never))[Symbol.asyncDispose]();
  const names = (table: string): string[] =>
    query(join(data, "gatehouse.db"), `SELECT name FROM ${table} ORDER BY name`).map(({ name }) => String(name));
  return { cameras: names("cameras"), principals: names("principals") };
};

const query = (file: string, sql: string): Record<string, unknown>[] => {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};

/** All that a database says: its tables, and their rows. */
const contentOf = (file: string): string => {
  const schema = query(file, "SELECT type, name, sql FROM sqlite_schema ORDER BY name");
  const tables = schema.filter(({ type }) => type === "table").map(({ name }) => String(name));
  const rows = tables.map((name) =>
    query(file, `SELECT * FROM "${name}"`)
      .map((row) => JSON.stringify(row))
      .sort(),
  );
  return JSON.stringify({ schema, rows });
};

/** The migrations so far that the first version had: one step each, where it had the tables. */
const firstTables = ["vault-keys", "vault-secrets", "audit", "principals", "cameras", "pairing"];
const first = (): Migrations[] =>
  today.filter(({ name }) => firstTables.includes(name)).map(({ name, steps }) => ({ name, steps: steps.slice(0, 1) }));

/** Each state through which migrations take a database, from what it is to what it becomes: `stages` begins with the file's own. */
const stagesOf = async (from: string, migrations: readonly Migrations[]): Promise<ReadonlySet<string>> => {
  const file = join(folder, "stages/gatehouse.db");
  await rm(join(folder, "stages"), { recursive: true, force: true });
  await cp(from, join(folder, "stages"), { recursive: true });
  const stages = new Set([contentOf(file)]);
  // A database that was opened has its list of migrations.
  migrateAll(file, []);
  stages.add(contentOf(file));
  for (const { name, steps } of migrations) {
    for (const count of steps.keys()) {
      using database = Database.open(file);
      const done = Number(database.sql.prepare("SELECT step FROM migrations WHERE name = ?").get(name)?.["step"] ?? 0);
      if (count + 1 > done) database.migrate({ name, steps: steps.slice(0, count + 1) });
      stages.add(contentOf(file));
    }
  }
  return stages;
};

interface Journey {
  /** The data folder as it is before. */
  readonly from: string;
  readonly migrations: readonly Migrations[];
  /** Is called with a data folder once for each state in which a kill has left one. */
  readonly onState: (data: string) => Promise<void>;
}

/** Kills a migration before its first statement, its second, and so on, until it comes to its end. Answers how many kills that were. */
const killEverywhere = async ({ from, migrations, onState }: Journey): Promise<number> => {
  const stages = await stagesOf(from, migrations);
  const end = [...stages].at(-1);
  const list = join(folder, "migrations.json");
  await writeFile(list, JSON.stringify(migrations));
  const seen = new Set<string>();
  const attempt = async (n: number): Promise<"killed" | "completed"> => {
    const [left, started] = [join(folder, `left-${n}`), join(folder, `started-${n}`)];
    const file = join(left, "gatehouse.db");
    await cp(from, left, { recursive: true });
    const outcome = await runKilledAt(n, program, [file, list]);
    const content = contentOf(file);
    if (!stages.has(content)) throw new Error(`killed before statement ${n}, it is neither old nor new: ${content}`);
    expect(query(file, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(query(file, "PRAGMA foreign_key_check")).toEqual([]);
    if (!seen.has(content)) {
      seen.add(content);
      await cp(left, started, { recursive: true });
      await onState(started);
      await rm(started, { recursive: true });
    }
    migrateAll(file, migrations);
    expect(contentOf(file)).toBe(end);
    await rm(left, { recursive: true });
    return outcome;
  };
  // Two at a time: most of each is the start of a process.
  for (let n = 1; ; n += 2) {
    const outcomes = await Promise.all([attempt(n), attempt(n + 1)]);
    if (!outcomes.includes("completed")) continue;
    expect(seen.size).toBe(stages.size);
    return n - 1 + outcomes.indexOf("completed");
  }
};

describe("a migration that is killed before any of its statements", () => {
  it("leaves a first start without tables, or with whole ones, and the gateway starts", async () => {
    const from = join(folder, "nothing");
    await mkdir(from);
    await writeFile(join(from, "gatehouse.db"), "");
    const kills = await killEverywhere({
      from,
      migrations: first(),
      onState: async (data) => {
        await start(data);
      },
    });
    console.log(`killed before each of ${kills} statements`);
    expect(kills).toBeGreaterThan(25);
  });

  it.each(earlierDatabases)(
    "leaves the data of %s in the old form or the new, and the gateway starts with them",
    async (name) => {
      const from = join(folder, name);
      await restoreEarlier(name, from);
      const kills = await killEverywhere({
        from,
        migrations: today,
        onState: async (data) => {
          const known = await start(data);
          expect(known.cameras).toEqual(["127.0.0.1"]);
          expect(known.principals).toEqual(expect.arrayContaining(["Command line", "Recorder"]));
        },
      });
      console.log(`killed before each of ${kills} statements`);
      expect(kills).toBeGreaterThan(40);
    },
  );
});
