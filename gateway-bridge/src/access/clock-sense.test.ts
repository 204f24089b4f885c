import { beforeEach, describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { earliestTime } from "../domain/clock-policy.ts";
import { Database } from "../store/database.ts";
import { ClockSense } from "./clock-sense.ts";
import { MemoryNotices } from "./testing/memory-notices.ts";

const dayMs = 86_400_000;
const today = earliestTime + 100 * dayMs;

/** One whose time of day can be set, while time goes on. */
class SetClock extends TestClock {
  ahead = 0;
  override now(): number {
    return super.now() + this.ahead;
  }
}

let database: Database;
let notices: MemoryNotices;
beforeEach(() => {
  database = Database.openInMemory();
  notices = new MemoryNotices();
});
/** A start of the gateway at this time. */
const start = (now: number, newestRow?: number): { clock: SetClock; sense: ClockSense } => {
  const clock = new SetClock(now);
  return { clock, sense: ClockSense.open({ database, clock, notices, newestRow }) };
};

describe("ClockSense", () => {
  it("believes a clock that nothing speaks against", () => {
    const { sense } = start(today);
    sense.insist();
    expect([sense.behindUntil, notices.raised]).toEqual([undefined, []]);
  });

  it("does not believe a board that boots in 1970, says so once, and believes it again once it was set", async () => {
    const { clock, sense } = start(1_000, today);
    expect(() => sense.insist()).toThrow(expect.objectContaining({ code: "clock-wrong", details: { until: today } }));
    await clock.advance(10 * 60_000);
    expect(notices.raised).toEqual([expect.objectContaining({ kind: "clock-wrong" })]);
    clock.ahead = today;
    await clock.advance(60_000);
    sense.insist();
    expect(notices.withdrawn).toContain("clock-wrong");
  });

  it("remembers over a restart what was taken, also where the log's newest row is of a wrong time", () => {
    start(today).sense.insist();
    const { sense } = start(today - dayMs, 1_000);
    expect(sense.behindUntil).toBe(today);
  });

  it("keeps the time while it runs, so that a box without a battery comes back to it", async () => {
    const { clock } = start(today);
    await clock.advance(dayMs);
    expect(start(today).sense.behindUntil).toBeGreaterThan(today + dayMs - 11 * 60_000);
  });

  it("takes the owner's word for a clock that was ahead, for good", () => {
    start(today + 365 * dayMs).sense.insist();
    const { sense } = start(today);
    expect(() => sense.insist()).toThrow(expect.objectContaining({ code: "clock-wrong" }));
    sense.confirm();
    sense.insist();
    expect(notices.withdrawn).toContain("clock-wrong");
    start(today + 1).sense.insist();
    expect(start(today - dayMs).sense.behindUntil).toBe(today + 1);
  });

  it("believes this machine's own clock", () => {
    const sense = ClockSense.open({ database, clock: systemClock, notices, newestRow: undefined });
    expect(sense.behindUntil).toBeUndefined();
    sense[Symbol.dispose]();
  });
});
