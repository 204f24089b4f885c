import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { copyDatabase } from "./copy-database.ts";
import { Database } from "./database.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "copy-"));
});
afterEach(() => {
  rmSync(data, { recursive: true });
});

it("copies what was committed, and nothing of a transaction that goes on, into a private file", async () => {
  using database = Database.open(join(data, "gatehouse.db"));
  database.sql.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('committed')");
  database.sql.exec("BEGIN IMMEDIATE; INSERT INTO notes VALUES ('not yet')");
  const copy = await copyDatabase(data);
  database.sql.exec("COMMIT");
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(readdirSync(data)).not.toContain(`${copy}-wal`);
  using copied = Database.open(copy);
  expect(copied.sql.prepare("SELECT text FROM notes").all()).toEqual([{ text: "committed" }]);
});

it("leaves nothing where there is no database to copy", async () => {
  writeFileSync(join(data, "gatehouse.db"), "this is no database, but long enough to be taken for one".repeat(20));
  await expect(copyDatabase(data)).rejects.toThrow();
  expect(readdirSync(data)).toEqual(["gatehouse.db"]);
});
