import { describe, expect, it } from "@jest/globals";

import { decideRest, muchBytes } from "./rest-policy.ts";

describe("decideRest", () => {
  it.each([
    { awaited: true, bytes: 1, now: 5_000, next: undefined, when: "somebody waits" },
    {
      awaited: true,
      bytes: muchBytes,
      now: 5_000,
      next: undefined,
      when: "somebody waits, and more is to be expected",
    },
    { awaited: false, bytes: muchBytes, now: 5_000, next: { turn: 4 }, when: "more is to be expected" },
    { awaited: false, bytes: muchBytes - 1, now: 5_000, next: { rest: 200 }, when: "nobody waits" },
    { awaited: false, bytes: 1, now: 5_001.5, next: { rest: 198.5 }, when: "the others' rest has begun" },
    { awaited: false, bytes: 1, now: 5_199, next: { rest: 1 }, when: "the others' rest is about to end" },
    { awaited: false, bytes: 1, now: 30_000, next: undefined, when: "it is to be heard closely" },
    { awaited: false, bytes: 1, now: 60_499, next: undefined, when: "it still is" },
    { awaited: false, bytes: 1, now: 60_600, next: { rest: 200 }, when: "it was" },
  ])("has $next follow where $when", ({ next, when: _when, ...turn }) => {
    expect(decideRest(turn)).toEqual(next);
  });
});
