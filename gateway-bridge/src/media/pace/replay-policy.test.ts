import { describe, expect, it } from "@jest/globals";

import { replayPause, replayRate } from "./replay-policy.ts";

describe("replayRate", () => {
  it.each([
    [0, 1_000, "at least 8 Mbit/s, so that little is out sooner"],
    [180_000, 1_000, "at least 8 Mbit/s"],
    [577_000, 577_000 / 180, "all of it within 180 ms"],
    [8 * 1024 * 1024, 12_500, "at most 100 Mbit/s, so that the largest GOP takes 0.7 s"],
  ])("of %i bytes is %d bytes a ms: %s", (bytes, rate) => {
    expect(replayRate(bytes)).toBe(rate);
  });
});

describe("replayPause", () => {
  it.each([
    [0, 0, 0, "nothing sent"],
    [4_900, 0, 0, "ahead by less than a timer is worth"],
    [5_000, 0, 5, "ahead by 5 ms"],
    [100_400, 0, 101, "a key picture that went out at once"],
    [100_000, 60, 40, "some of it waited for"],
    [100_000, 100, 0, "on time"],
    [100_000, 500, 0, "late"],
    [180_000, 0, 180, "all that was stored"],
    [400_000, 100, 80, "all that was stored, and what came meanwhile, for which nothing waits"],
    [400_000, 180, 0, "what came meanwhile, once what was stored has had its time"],
  ])("after %i bytes of 180,000 in %i ms is %i ms: %s", (sentBytes, elapsedMs, pause) => {
    expect(replayPause({ storedBytes: 180_000, sentBytes, elapsedMs })).toBe(pause);
  });
});
