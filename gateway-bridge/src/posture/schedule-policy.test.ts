import { describe, expect, it } from "@jest/globals";

import { pauseUntilNextLook } from "./schedule-policy.ts";

const day = 86_400_000;
const tenMinutes = 600_000;

describe("pauseUntilNextLook", () => {
  it.each([
    ["it was never looked at", null, 0.5, tenMinutes],
    ["it was just looked at", 0, 0.5, day],
    ["it was looked at half a day ago", day / 2, 0.5, day / 2],
    ["it is overdue", 9 * day, 0.5, tenMinutes],
    ["the clock was ahead at the last look", -day, 0.5, day],
    ["chance has it early", 0, 0, day * 0.95],
    ["chance has it late", 0, 1, day * 1.05],
  ])("where %s", (_, ago, random, expected) => {
    const now = 1_700_000_000_000;
    const last = ago === null ? null : now - ago;
    expect(pauseUntilNextLook({ now, last, everyMs: day, random })).toBeCloseTo(expected, -1);
  });
});
