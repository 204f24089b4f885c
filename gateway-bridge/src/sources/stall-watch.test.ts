import { expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { StallWatch } from "./stall-watch.ts";

it("calls once, a given time after the last progress", async () => {
  const clock = new TestClock();
  let stalls = 0;
  using watch = new StallWatch(clock, 10_000, () => (stalls += 1));
  for (let second = 0; second < 30; second += 1) {
    await clock.advance(1_000);
    watch.noteProgress(clock.monotonic());
  }
  await clock.advance(9_999);
  expect(stalls).toBe(0);
  await clock.advance(1);
  expect(stalls).toBe(1);
  await clock.advance(60_000);
  expect(stalls).toBe(1);
});

it("calls when there never was any", async () => {
  const clock = new TestClock();
  let stalls = 0;
  using _watch = new StallWatch(clock, 10_000, () => (stalls += 1));
  await clock.advance(10_000);
  expect(stalls).toBe(1);
});

it("keeps no timer when disposed", () => {
  const clock = new TestClock();
  {
    using _watch = new StallWatch(clock, 10_000, () => undefined);
    expect(clock.pending).toBe(1);
  }
  expect(clock.pending).toBe(0);
});
