import { expect, it } from "@jest/globals";

import type { AuditEntry } from "../ports.ts";
import { Database } from "./database.ts";
import { noteDeed, reportDeeds } from "./noted-deeds.ts";

it("reports each deed once, in order, with its time", () => {
  using database = Database.openInMemory();
  noteDeed(database, { time: 0, action: "backupMade", detail: "/a" });
  noteDeed(database, { time: 1_000, action: "restored", detail: "b" });
  const rows: AuditEntry[] = [];
  const audit = { append: (entry: AuditEntry) => void rows.push(entry) };
  reportDeeds(database, audit);
  reportDeeds(database, audit);
  expect(rows.map(({ action, detail }) => `${action} ${detail}`)).toEqual([
    "backupMade 1970-01-01T00:00:00.000Z: /a",
    "restored 1970-01-01T00:00:01.000Z: b",
  ]);
});

it("keeps them all while the log cannot be written", () => {
  using database = Database.openInMemory();
  for (const detail of ["a", "b"]) noteDeed(database, { time: 0, action: "backupMade", detail });
  let left = 1;
  const full = {
    append: () => {
      left -= 1;
      if (left < 0) throw new Error("full");
    },
  };
  expect(() => reportDeeds(database, full)).toThrow("full");
  expect(database.sql.prepare("SELECT count(*) AS rows FROM noted_deeds").get()).toEqual({ rows: 2 });
});
