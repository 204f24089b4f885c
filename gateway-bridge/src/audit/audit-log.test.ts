import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { AuditRow } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import type { AuditEntry, SecretStore } from "../ports.ts";
import { Database } from "../store/database.ts";
import { AuditLog } from "./audit-log.ts";
import { hashRow } from "./chain.ts";

class Secrets implements SecretStore {
  readonly held = new Map<string, Buffer>();
  put(name: string, content: Uint8Array): void {
    this.held.set(name, Buffer.from(content));
  }
  get(name: string): Buffer | undefined {
    return this.held.get(name);
  }
  delete(name: string): void {
    this.held.delete(name);
  }
}

const clock = new TestClock();
let database: Database;
let secrets: Secrets;
beforeEach(() => {
  database = Database.openInMemory();
  secrets = new Secrets();
});
afterEach(() => {
  database[Symbol.dispose]();
});

const open = (): AuditLog => AuditLog.open({ database, clock, secrets });
const entry = (detail: string): AuditEntry => ({
  principal: "who-abcdefghijklmnop",
  action: "live",
  target: "cam-abcdefghijklmnop",
  outcome: "allowed",
  detail,
});
/** A log of that many rows. */
const filled = (rows: number): AuditLog => {
  const log = open();
  for (let row = 1; row <= rows; row += 1) log.append(entry(`row ${row}`));
  return log;
};
/** Changes the tables as somebody can who has the file but not the vault's key. */
const intrude = (sql: string): void => {
  database.sql.exec("DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete");
  database.sql.exec(sql);
};

describe("AuditLog", () => {
  it("keeps rows over restarts, each tied to the one before, in the contract's form", async () => {
    filled(2);
    await clock.advance(1_000);
    const log = open();
    log.append(entry("row 3"));
    const rows = log.list();
    expect(rows.map((row) => row.detail)).toEqual(["row 3", "row 2", "row 1"]);
    expect(rows.map((row) => AuditRow.safeParse(row).success)).toEqual([true, true, true]);
    expect(rows[0]).toMatchObject({ ...entry("row 3"), sequence: 3, time: clock.now(), previous: rows[1]?.hash });
    expect(rows[2]?.previous).toBe("00".repeat(32));
    expect(log.verify()).toEqual({ rows: 3, intact: true });
  });

  it("pages from the newest to the oldest", () => {
    const log = filled(5);
    const page = (options: Parameters<AuditLog["list"]>[0]): number[] => log.list(options).map((row) => row.sequence);
    expect(page({ limit: 2 })).toEqual([5, 4]);
    expect(page({ limit: 2, before: 4 })).toEqual([3, 2]);
    expect(page({ before: 2 })).toEqual([1]);
    expect(page({ before: 1 })).toEqual([]);
  });

  it("gives at most 1,000 rows at once, and 100 unless told", () => {
    const log = open();
    database.transaction(() => {
      for (let row = 0; row < 1_001; row += 1) log.append(entry("x"));
    });
    expect([log.list().length, log.list({ limit: 5_000 }).length]).toEqual([100, 1_000]);
    expect(log.verify()).toEqual({ rows: 1_001, intact: true });
  });

  it("stays intact when a transaction around it is undone", () => {
    const log = filled(1);
    expect(() =>
      database.transaction(() => {
        log.append(entry("undone"));
        throw new Error("no");
      }),
    ).toThrow("no");
    log.append(entry("kept"));
    expect(log.list().map((row) => row.detail)).toEqual(["kept", "row 1"]);
    expect(log.verify().intact).toBe(true);
  });

  it("writes texts that cannot forge a line or fill the disk", () => {
    const log = open();
    const rtlOverride = String.fromCodePoint(0x202e);
    log.append({ ...entry(`a\nb\u0000c${rtlOverride}\ud800`), principal: "x".repeat(1_000_000) });
    log.append(entry(`${"x".repeat(499)}😀`));
    expect(log.list()).toMatchObject([
      { detail: `${"x".repeat(499)} ` },
      { detail: "a b c  ", principal: "x".repeat(64) },
    ]);
    expect(log.verify().intact).toBe(true);
  });

  it("throws when it cannot write, so that the deed does not happen", () => {
    const log = filled(1);
    database.sql.exec("PRAGMA query_only=ON");
    expect(() => log.append(entry("x"))).toThrow(expect.objectContaining({ code: "audit-unwritable" }));
  });

  it("lets no statement of ours change or remove a row", () => {
    filled(1);
    expect(() => database.sql.exec("UPDATE audit SET detail = 'x'")).toThrow(/never change/);
    expect(() => database.sql.exec("DELETE FROM audit")).toThrow(/never go/);
  });
});

describe("verify", () => {
  const forgedHash = hashRow(Buffer.alloc(32, 7), { ...entry("x"), sequence: 3, time: 0 }).toString("hex");

  it.each([
    ["principal", "'who-intruderintrude'"],
    ["action", "'snapshot'"],
    ["target", "'cam-bbbbbbbbbbbbbbbb'"],
    ["outcome", "'denied'"],
    ["detail", "'another'"],
    ["time", "time + 1"],
    ["time", "9223372036854775807"],
    ["previous", "zeroblob(32)"],
    ["previous", "x''"],
    ["hash", "zeroblob(32)"],
    ["hash", `x'${forgedHash}'`],
    ["sequence", "1000"],
    ["sequence", "9223372036854775807"],
  ])("finds a changed %s (%s)", (column, value) => {
    const log = filled(5);
    intrude(`UPDATE audit SET ${column} = ${value} WHERE sequence = 3`);
    expect(log.verify()).toEqual({ rows: 5, intact: false, firstBad: 3 });
    log.list();
  });

  it.each([
    ["a row taken out of the middle", "DELETE FROM audit WHERE sequence = 3", 3],
    ["the first row taken out", "DELETE FROM audit WHERE sequence = 1", 1],
    ["the tail cut off", "DELETE FROM audit WHERE sequence > 3", 4],
    ["all rows taken out", "DELETE FROM audit", 1],
    ["all rows and the head taken out", "DELETE FROM audit; DELETE FROM audit_head", 1],
    ["the head taken out", "DELETE FROM audit_head", 6],
    ["the head pointing elsewhere", "UPDATE audit_head SET sequence = 4", 6],
    ["a head with another code", "UPDATE audit_head SET mac = zeroblob(32)", 6],
    [
      "a row put before the first",
      "INSERT INTO audit SELECT -1, time, principal, action, target, outcome, detail, previous, hash FROM audit LIMIT 1",
      1,
    ],
    [
      "two rows exchanged",
      "UPDATE audit SET sequence = 100 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 100",
      2,
    ],
    [
      "the tail cut off with a head that fits",
      "DELETE FROM audit WHERE sequence > 3; UPDATE audit_head SET sequence = 3, hash = (SELECT hash FROM audit WHERE sequence = 3)",
      4,
    ],
  ])("finds %s, and still does after going on and restarting", (_case, sql, firstBad) => {
    const log = filled(5);
    intrude(sql);
    expect(log.verify()).toMatchObject({ intact: false, firstBad });
    log.append(entry("later"));
    expect(log.verify()).toMatchObject({ intact: false, firstBad });
    const again = open();
    again.append(entry("later still"));
    expect(again.verify()).toMatchObject({ intact: false, firstBad });
    expect(again.list().slice(0, 2)).toMatchObject([{ detail: "later still" }, { detail: "later" }]);
  });

  it("finds a row put on with a hash that fits, which needs no key", () => {
    const log = filled(2);
    const previous = Buffer.from(log.list()[0]!.hash, "hex");
    const row = { ...entry("forged"), sequence: 3, time: 0 };
    const { time, principal, action, target, outcome, detail } = row;
    database.sql
      .prepare("INSERT INTO audit VALUES (3, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(time, principal, action, target, outcome, detail, previous, hashRow(previous, row));
    expect(log.verify()).toEqual({ rows: 3, intact: false, firstBad: 4 });
    log.append(entry("later"));
    expect(log.verify()).toEqual({ rows: 4, intact: false, firstBad: 4 });
  });

  it("lets others work between slices, and verifies what they append", async () => {
    const log = filled(1_200);
    let turns = 0;
    const others = setInterval(() => (turns += 1), 0);
    const verdict = log.verifyInSlices({ signal: new AbortController().signal });
    log.append(entry("meanwhile"));
    expect(await verdict).toEqual({ rows: 1_201, intact: true });
    clearInterval(others);
    intrude("UPDATE audit SET detail = 'another' WHERE sequence = 1100");
    const stopping = new AbortController();
    expect(await log.verifyInSlices(stopping)).toEqual({ rows: 1_201, intact: false, firstBad: 1_100 });
    stopping.abort(new Error("enough"));
    await expect(log.verifyInSlices(stopping)).rejects.toThrow("enough");
    expect(turns).toBeGreaterThan(0);
  });

  it("does not take a new key for an old one: a lost key shows for good", () => {
    filled(3);
    secrets.held.clear();
    const log = open();
    expect(log.verify()).toEqual({ rows: 3, intact: false, firstBad: 4 });
    log.append(entry("later"));
    expect(open().verify()).toEqual({ rows: 4, intact: false, firstBad: 4 });
  });
});
