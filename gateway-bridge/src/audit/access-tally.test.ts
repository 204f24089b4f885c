import { beforeEach, describe, expect, it } from "@jest/globals";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { denialBurst } from "../domain/denial-budget.ts";
import type { AuditEntry } from "../ports.ts";
import { AccessTally, windowMs, windowsPerPrincipal } from "./access-tally.ts";

/** Keeps its rows, or refuses them while `full`. */
class Rows {
  readonly rows: AuditEntry[] = [];
  failing = false;
  full = false;
  append(entry: AuditEntry): void {
    this.failing = this.full;
    if (this.full) throw new Error("disk full");
    this.rows.push(entry);
  }
}

let clock: TestClock;
let log: MemoryLogger;
let audit: Rows;
let tally: AccessTally;
beforeEach(() => {
  clock = new TestClock();
  log = new MemoryLogger();
  audit = new Rows();
  tally = new AccessTally({ audit, clock, log });
});

const snapshot = { principal: "who-a", action: "snapshot", target: "cam-a" };
const brief = (): string[] =>
  audit.rows.map(({ principal, action, target, outcome, detail }) =>
    [principal, action, target, outcome, detail].filter((word) => word !== "").join(" "),
  );

describe("what is allowed", () => {
  it("is written at once the first time, and what repeats as one row", async () => {
    for (let index = 0; index < 58; index += 1) tally.allow(snapshot);
    expect(brief()).toEqual(["who-a snapshot cam-a allowed"]);
    await clock.advance(windowMs);
    expect(brief().slice(1)).toEqual(["who-a snapshot cam-a allowed 57 more, counted for up to 10 minutes"]);
  });

  it("is one row a window while it goes on, and anew after a window of rest", async () => {
    for (let seconds = 0; seconds < 6 * 600; seconds += 10) {
      tally.allow(snapshot);
      await clock.advance(10_000);
    }
    expect(audit.rows).toHaveLength(7);
    await clock.advance(2 * windowMs);
    const rows = audit.rows.length;
    tally.allow(snapshot);
    expect(audit.rows.slice(rows)).toEqual([{ ...snapshot, outcome: "allowed", detail: "" }]);
  });

  it("is told apart by who, what and which camera", () => {
    for (const other of [{}, { principal: "who-b" }, { action: "health" }, { target: "cam-b" }]) {
      tally.allow({ ...snapshot, ...other });
      tally.allow({ ...snapshot, ...other });
    }
    expect(audit.rows).toHaveLength(4);
  });

  it("is not allowed where it cannot be written", () => {
    audit.full = true;
    expect(() => tally.allow(snapshot)).toThrow("disk full");
    audit.full = false;
    tally.allow(snapshot);
    expect(audit.rows).toHaveLength(1);
  });

  it("is not allowed on a count alone while nothing can be written", () => {
    tally.allow(snapshot);
    tally.allow(snapshot);
    audit.full = true;
    expect(() => tally.allow({ ...snapshot, target: "cam-b" })).toThrow("disk full");
    // A window that is open: it would only be counted.
    expect(() => tally.allow(snapshot)).toThrow("disk full");
    audit.full = false;
    tally.allow(snapshot);
    expect(brief()).toEqual([
      "who-a snapshot cam-a allowed",
      "who-a snapshot cam-a allowed 2 more, counted for up to 10 minutes",
    ]);
  });

  it("keeps its count where it cannot be written at the end of the window, and denies until it is", async () => {
    tally.allow(snapshot);
    tally.allow(snapshot);
    audit.full = true;
    await clock.advance(windowMs);
    expect(log.lines).toMatchObject([{ level: "error", message: "a decision could not be audited" }]);
    expect(() => tally.allow(snapshot)).toThrow("disk full");
    audit.full = false;
    await clock.advance(windowMs);
    expect(brief().slice(1)).toEqual(["who-a snapshot cam-a allowed 1 more, counted for up to 10 minutes"]);
  });

  it("fills nothing for one who names cameras without end", async () => {
    for (let index = 0; index < 10_000; index += 1) tally.allow({ ...snapshot, target: `cam-${index}` });
    expect(audit.rows).toHaveLength(windowsPerPrincipal + 1);
    await clock.advance(windowMs);
    const left = 10_000 - windowsPerPrincipal - 1;
    expect(brief().at(-1)).toBe(`who-a access - allowed ${left} more, counted for up to 10 minutes`);
    expect(audit.rows).toHaveLength(windowsPerPrincipal + 2);
  });

  it("is written down when the gateway closes", () => {
    tally.allow(snapshot);
    tally.allow(snapshot);
    tally[Symbol.dispose]();
    expect(brief().at(-1)).toBe("who-a snapshot cam-a allowed 1 more, counted for up to 10 minutes");
    expect(clock.pending).toBe(0);
  });
});

describe("what is refused", () => {
  it("is written with its reason", () => {
    tally.deny(snapshot, "not-granted");
    expect(brief()).toEqual(["who-a snapshot cam-a denied not-granted"]);
  });

  it("adds few rows for 10,000 strangers, and counts every one", async () => {
    const stranger = { principal: "-", action: "snapshot" };
    for (let index = 0; index < 10_000; index += 1) {
      tally.deny({ ...stranger, target: `cam-${index}` }, "unauthenticated");
    }
    expect(audit.rows).toHaveLength(denialBurst);
    await clock.advance(windowMs);
    expect(brief().at(-1)).toBe(`- access - denied ${10_000 - denialBurst} more refused, counted for up to 10 minutes`);
    expect(audit.rows).toHaveLength(denialBurst + 1);
  });

  it("says where strangers came from, and of whom is known only who it is", async () => {
    const stranger = { principal: "-", action: "live", target: "-" };
    const knock = (peer: string): void => tally.deny(stranger, "unauthenticated", peer);
    knock("192.0.2.7");
    expect(brief()).toEqual(["- live - denied unauthenticated; from 192.0.2.7 (1)"]);
    for (let index = 1; index < denialBurst; index += 1) knock("192.0.2.8");
    for (let index = 0; index < 5_000; index += 1) knock(`2001:db8:0:${(index % 50).toString(16)}::1`);
    await clock.advance(windowMs);
    expect(brief().at(-1)).toMatch(
      /^- access - denied 5000 more refused, counted for up to 10 minutes; from 2001:db8:0:0 \(100\), .*, elsewhere \(4200\)$/,
    );
    expect(audit.rows.at(-1)?.detail.length).toBeLessThan(500);
    tally.deny(snapshot, "not-granted", "192.0.2.9");
    expect(brief().at(-1)).toBe("who-a snapshot cam-a denied not-granted");
  });

  it("adds few rows also where they come for an hour", async () => {
    for (let index = 0; index < 10_000; index += 1) {
      tally.deny({ principal: "-", action: "live", target: `cam-${index}` }, "unauthenticated");
      await clock.advance(360);
    }
    await clock.advance(windowMs);
    expect(audit.rows.length).toBeLessThan(100);
    const counted = audit.rows.map(({ detail }) => Number(/(\d+) (?:more|like)/.exec(detail)?.[1] ?? 0));
    const single = audit.rows.filter(({ detail }) => detail.startsWith("unauthenticated")).length;
    expect(counted.reduce((sum, each) => sum + each, single)).toBe(10_000);
  });

  it("takes nothing from what another has", () => {
    for (let index = 0; index <= denialBurst; index += 1) tally.deny({ ...snapshot, principal: "-" }, "x");
    tally.deny(snapshot, "not-granted");
    expect(brief().at(-1)).toBe("who-a snapshot cam-a denied not-granted");
  });

  it("stays refused where it cannot be written", () => {
    audit.full = true;
    tally.deny(snapshot, "not-granted");
    expect(log.lines).toHaveLength(1);
  });

  it("is written down when the gateway closes", () => {
    for (let index = 0; index < denialBurst + 2; index += 1) tally.deny(snapshot, "not-granted");
    tally[Symbol.dispose]();
    expect(brief().at(-1)).toBe("who-a access - denied 2 more refused, counted for up to 10 minutes");
  });
});
