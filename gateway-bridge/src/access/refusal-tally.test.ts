import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { RefusalTally, tallyMs } from "./refusal-tally.ts";
import { MemoryAudit } from "./testing/open-door.ts";

const setUp = () => {
  const [clock, audit] = [new TestClock(), new MemoryAudit()];
  const tally = new RefusalTally({ clock, audit, action: "pair" });
  return { clock, audit, tally, details: () => audit.rows.map(({ detail }) => detail) };
};
const more = (count: number): string => `${count} more, counted for up to 10 minutes`;

describe("RefusalTally", () => {
  it("writes a single refusal at once and then forgets it", async () => {
    const { clock, audit, tally } = setUp();
    tally.add("wrong");
    expect(audit.rows).toEqual([{ principal: "-", action: "pair", target: "-", outcome: "denied", detail: "wrong" }]);
    await clock.advance(2 * tallyMs);
    expect([audit.rows.length, clock.pending]).toEqual([1, 0]);
    tally.add("wrong again");
    expect(audit.rows).toHaveLength(2);
  });

  it("writes a flood as one row a window, with every refusal counted", async () => {
    const { clock, tally, details } = setUp();
    for (let minute = 0; minute < 30; minute += 1) {
      for (let each = 0; each < 1_000; each += 1) tally.add("wrong");
      await clock.advance(60_000);
    }
    expect(details()).toEqual(["wrong", more(9_999), more(10_000), more(10_000)]);
    await clock.advance(2 * tallyMs);
    expect(clock.pending).toBe(0);
  });

  it("says where a flood came from, and how many of it were not looked at", async () => {
    const { clock, tally, details } = setUp();
    for (let each = 0; each < 20; each += 1) tally.add("wrong", { peer: "192.0.2.7" });
    for (let each = 0; each < 1_000; each += 1) {
      tally.add("wrong", { peer: `198.51.${Math.trunc(each / 250)}.${each % 250}`, unseen: true });
    }
    await clock.advance(tallyMs);
    expect(details()[0]).toBe("wrong; from 192.0.2.7 (1)");
    expect(details()[1]).toMatch(
      /^1019 more, counted for up to 10 minutes; 1000 of them not looked at; from 192\.0\.2\.7 \(19\), 198.*, elsewhere \(993\)$/,
    );
    expect(details()[1]?.length).toBeLessThan(500);
    tally.add("wrong");
    await clock.advance(tallyMs);
    expect(details().at(-1)).toBe(more(1));
  });

  it("writes what it has counted when it is closed", () => {
    const { clock, tally, details } = setUp();
    for (let each = 0; each < 3; each += 1) tally.add("wrong");
    tally[Symbol.dispose]();
    tally[Symbol.dispose]();
    expect(details()).toEqual(["wrong", more(2)]);
    expect(clock.pending).toBe(0);
  });

  it("loses none while the log cannot be written, and does not throw", async () => {
    const { clock, audit, tally, details } = setUp();
    audit.broken = true;
    tally.add("wrong");
    tally.add("wrong");
    await clock.advance(tallyMs);
    tally.add("wrong");
    audit.broken = false;
    await clock.advance(tallyMs);
    expect(details()).toEqual([more(3)]);
  });
});
