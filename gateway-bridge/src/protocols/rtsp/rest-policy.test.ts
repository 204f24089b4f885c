import { describe, expect, it } from "@jest/globals";

import { decideRest, muchBytes, restMs } from "./rest-policy.ts";

describe("decideRest", () => {
  it.each([
    { awaited: true, bytes: 1, now: 5_000, rest: 0, when: "somebody waits" },
    { awaited: false, bytes: muchBytes, now: 5_000, rest: 0, when: "more is to be expected" },
    { awaited: false, bytes: muchBytes - 1, now: 5_000, rest: restMs, when: "nobody waits" },
    { awaited: false, bytes: 1, now: 5_001.5, rest: restMs - 1.5, when: "the others' rest has begun" },
    { awaited: false, bytes: 1, now: 5_199, rest: 1, when: "the others' rest is about to end" },
    { awaited: false, bytes: 1, now: 20_000, rest: 0, when: "it is to be heard closely" },
    { awaited: false, bytes: 1, now: 40_999, rest: 0, when: "it still is" },
    { awaited: false, bytes: 1, now: 41_000, rest: restMs, when: "it was" },
  ])("rests $rest ms where $when", ({ rest, when: _when, ...turn }) => {
    expect(decideRest(turn)).toBeCloseTo(rest, 6);
  });
});
