import { expect, it } from "@jest/globals";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { DamageReport } from "./damage-report.ts";

const fields = (log: MemoryLogger): unknown => log.lines.map(({ fields }) => fields);

it("writes one line a second, with what came together in it", async () => {
  const [clock, log] = [new TestClock(), new MemoryLogger()];
  using damage = new DamageReport(clock, log);
  for (let index = 0; index < 1_000; index += 1) damage.packets(1);
  damage.pictures(3);
  expect(log.lines).toEqual([]);
  await clock.advance(1_000);
  expect(fields(log)).toEqual([{ packets: 1_000, pictures: 3 }]);
  damage.pictures(1);
  await clock.advance(999);
  expect(log.lines).toHaveLength(1);
  await clock.advance(1);
  expect(fields(log)).toEqual([
    { packets: 1_000, pictures: 3 },
    { packets: 0, pictures: 1 },
  ]);
});

it("is silent while nothing is damaged, and keeps no timer", async () => {
  const [clock, log] = [new TestClock(), new MemoryLogger()];
  using _damage = new DamageReport(clock, log);
  await clock.advance(60_000);
  expect(log.lines).toEqual([]);
  expect(clock.pending).toBe(0);
});

it("writes what is left when it ends", () => {
  const [clock, log] = [new TestClock(), new MemoryLogger()];
  {
    using damage = new DamageReport(clock, log);
    damage.packets(2);
  }
  expect(fields(log)).toEqual([{ packets: 2, pictures: 0 }]);
  expect(clock.pending).toBe(0);
});
