import { describe, expect, it } from "@jest/globals";

import { mayStandIn, patienceMs } from "./snapshot-policy.ts";

describe("patienceMs", () => {
  it.each([
    [false, undefined, 4_500],
    [false, 0, 4_500],
    [true, undefined, 4_500],
    [true, 0, 1_000],
    [true, 60_000, 1_000],
    [true, 60_001, 4_500],
  ])("slow %j with a picture %j ms old: %d ms", (slow, ageMs, expected) =>
    expect(patienceMs({ slow, ageMs })).toBe(expected),
  );
});

describe("mayStandIn", () => {
  it.each([
    ["later", 0, true],
    ["later", 60_000, true],
    ["later", 60_001, false],
    ["later", undefined, false],
    ["never", 0, false],
    ["never", undefined, false],
  ] as const)("after a failure that is worth trying %s, a picture %j ms old: %j", (retry, ageMs, expected) =>
    expect(mayStandIn({ retry, ageMs })).toBe(expected),
  );
});
