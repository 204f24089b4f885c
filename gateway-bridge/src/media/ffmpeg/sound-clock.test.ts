import { describe, expect, it } from "@jest/globals";

import { SoundClock } from "./sound-clock.ts";

const enter = (clock: SoundClock, from: number, count: number): void => {
  for (let index = 0; index < count; index += 1) clock.enter(from + index * 64, 64);
};

describe("SoundClock", () => {
  it("counts from the first input", () => {
    const clock = new SoundClock();
    expect(clock.leave(0)).toBeUndefined();
    enter(clock, 5_000, 3);
    expect([0, 20, 40, 191].map((position) => clock.leave(position))).toEqual([5_000, 5_020, 5_040, 5_191]);
  });

  it("lets the encoder's lead-in come before", () => {
    const clock = new SoundClock();
    enter(clock, 5_000, 1);
    expect(clock.leave(-64)).toBe(4_936);
  });

  it("follows a jump of the input at its very sample, forwards and backwards", () => {
    const clock = new SoundClock();
    enter(clock, 1_000, 2);
    enter(clock, 4_000, 2);
    enter(clock, 500, 1);
    expect([0, 127, 128, 148, 255, 256].map((position) => clock.leave(position))).toEqual([
      1_000, 1_127, 4_000, 4_020, 4_127, 500,
    ]);
  });

  it("hears no jump in jitter, and drifts no farther than it would be noticed", () => {
    const clock = new SoundClock();
    for (let index = 0; index < 1_000; index += 1) clock.enter(index * 65 + (index % 2) * 30, 64);
    let worst = 0;
    for (let index = 0; index < 1_000; index += 1)
      worst = Math.max(worst, Math.abs((clock.leave(index * 64) ?? 0) - index * 65));
    expect(worst).toBeGreaterThan(30);
    expect(worst).toBeLessThanOrEqual(131);
  });

  it("keeps a bounded number of jumps, and the newest of them", () => {
    const clock = new SoundClock();
    for (let index = 0; index < 500; index += 1) clock.enter(index * 1_000, 64);
    expect(clock.leave(499 * 64)).toBe(499_000);
  });
});
