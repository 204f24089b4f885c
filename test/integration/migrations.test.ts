import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { version } from "../../gateway-bridge/src/version.ts";
import { earlierDatabases, restoreEarlier } from "../support/earlier-databases.ts";
import { gatehouse, gatehouseJson } from "../support/gateway-process.ts";

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "gatehouse-migrations-"));
});
afterEach(() => rm(data, { recursive: true }));

const file = (): string => join(data, "gatehouse.db");
const query = (sql: string): unknown[] => {
  const database = new DatabaseSync(file());
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};

it.each(earlierDatabases)(
  "brings the data of %s to today's form, and loses nothing",
  async (name) => {
    await restoreEarlier(name, data);
    const people = "SELECT id, name, kind FROM principals WHERE name <> 'Command line' ORDER BY id";
    const kept = [people, "SELECT id, name FROM cameras ORDER BY id", "SELECT name FROM vault_secrets ORDER BY name"];
    const before = kept.map(query);
    const [rows] = query("SELECT max(sequence) AS rows FROM audit") as [{ rows: number }];

    const found = await gatehouseJson(data, ["check"]);
    expect(found).toMatchObject({ version, cameras: 1 });
    expect((found as { auditRows: number }).auditRows).toBeGreaterThanOrEqual(rows.rows);
    const after = kept.map(query);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).toEqual(expect.arrayContaining(before[2]!));
    expect(query("PRAGMA foreign_key_check")).toEqual([]);
    expect(query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);

    // A second start finds nothing left to do.
    const done = query("SELECT name, step FROM migrations ORDER BY name");
    await gatehouseJson(data, ["check"]);
    expect(query("SELECT name, step FROM migrations ORDER BY name")).toEqual(done);
  },
  60_000,
);

it.each(["audit", "principals", "vault-secrets"])(
  "refuses data whose %s tables a newer version has changed",
  async (name) => {
    await restoreEarlier("before-people", data);
    await gatehouseJson(data, ["check"]);
    expect(query(`UPDATE migrations SET step = step + 1 WHERE name = '${name}' RETURNING name`)).toEqual([{ name }]);
    const { code, stderr } = await gatehouse(data, ["check"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("data-newer")]);
    query(`UPDATE migrations SET step = step - 1 WHERE name = '${name}' RETURNING name`);
    await gatehouseJson(data, ["check"]);
  },
  60_000,
);

it("checks nothing where there are no data", async () => {
  const { code, stderr } = await gatehouse(data, ["check"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("data-folder")]);
  expect(await readdir(data)).toEqual([]);
}, 60_000);
