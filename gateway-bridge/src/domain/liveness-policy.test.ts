import { describe, expect, it } from "@jest/globals";

import { judgeLiveness, type Liveness } from "./liveness-policy.ts";

const table: readonly [startedAt: number, heardAt: number | undefined, now: number, expected: Liveness][] = [
  [100, undefined, 100, { kind: "alive", checkInMs: 5_000 }],
  [100, undefined, 5_099, { kind: "alive", checkInMs: 1 }],
  [100, undefined, 5_100, { kind: "quiet", checkInMs: 5_000 }],
  [100, undefined, 10_099, { kind: "quiet", checkInMs: 1 }],
  [100, undefined, 10_100, { kind: "gone", why: "the viewer never answered for 10 s" }],
  [0, 9_000, 10_000, { kind: "alive", checkInMs: 4_000 }],
  [0, 9_000, 14_000, { kind: "quiet", checkInMs: 25_000 }],
  [0, 9_000, 38_999, { kind: "quiet", checkInMs: 1 }],
  [0, 9_000, 39_000, { kind: "gone", why: "the viewer stopped answering for 30 s" }],
];

describe("judgeLiveness", () => {
  it.each(table)("started at %i, heard at %s, now %i", (startedAt, heardAt, now, expected) => {
    expect(judgeLiveness({ startedAt, heardAt, now })).toEqual(expected);
  });
});
