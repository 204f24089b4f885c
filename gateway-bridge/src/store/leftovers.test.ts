import { expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { copyDatabase } from "./copy-database.ts";
import { Database } from "./database.ts";
import { removeLeftovers } from "./leftovers.ts";

it("removes copies and drafts that were left, and nothing else", async () => {
  const data = mkdtempSync(join(tmpdir(), "leftovers-"));
  try {
    Database.open(join(data, "gatehouse.db"))[Symbol.dispose]();
    await copyDatabase(data);
    const kept = ["vault.key", "vault.key.next", "cli.json", `mine.${randomUUID()}.tmp`, "notes.tmp"];
    const left = ["vault.key", "vault.key.next", "cli.json", "firmware-rules.note"].map(
      (name) => `${name}.${randomUUID()}.tmp`,
    );
    for (const name of [...kept, ...left]) writeFileSync(join(data, name), "x");
    await removeLeftovers(data);
    expect(readdirSync(data).sort()).toEqual(["gatehouse.db", ...kept].sort());
  } finally {
    rmSync(data, { recursive: true });
  }
});
