import { describe, expect, it } from "@jest/globals";

import { firstPauseMs, longestPauseMs, nextTryAt, pauseAfter, renewalTime } from "./acme-policy.ts";

const dayMs = 86_400_000;
const begin = Date.UTC(2027, 0, 1);
const validity = { notBefore: begin, notAfter: begin + 90 * dayMs };

describe("renewalTime", () => {
  it("is when a third of its life is left, spread over some days", () => {
    expect(renewalTime(validity, 0.5)).toBe(begin + 60 * dayMs);
    expect([renewalTime(validity, 0), renewalTime(validity, 0.999)].map((at) => (at - begin) / dayMs)).toEqual([
      63,
      expect.closeTo(57, 1),
    ]);
  });
});

it("reckons in whole milliseconds, whatever chance says", () => {
  for (const chance of [0.1, 0.123456, 1 / 3, 0.99999]) {
    expect(Number.isInteger(renewalTime(validity, chance))).toBe(true);
    for (const failures of [1, 5, 20]) expect(Number.isInteger(pauseAfter(failures, chance))).toBe(true);
  }
});

describe("nextTryAt", () => {
  const now = begin + dayMs;
  const renewal = begin + 60 * dayMs;
  it.each([
    ["at once where there is none", { validity: undefined, failures: 0, nextTry: 0 }, now, now],
    ["at the renewal where all is well", { validity, failures: 0, nextTry: 0 }, now, renewal],
    ["at the renewal, which has passed", { validity, failures: 0, nextTry: 0 }, renewal + dayMs, renewal],
    ["after the pause of a failure", { validity: undefined, failures: 1, nextTry: now + 5_000 }, now, now + 5_000],
    ["after the pause of a renewal that failed", { validity, failures: 2, nextTry: renewal + 7 }, renewal, renewal + 7],
    ["at once where the pause was reckoned by a clock that was ahead", { validity: undefined, failures: 3, nextTry: now + 365 * dayMs }, now, now],
    ["after the pause where the clock is a little behind", { validity: undefined, failures: 1, nextTry: now + longestPauseMs }, now, now + longestPauseMs],
    ["at the renewal, far off, where the clock is behind the certificate's begin", { validity, failures: 0, nextTry: 0 }, 5_000, renewal],
    ["at the renewal where it has ended long ago, by a clock that is ahead", { validity, failures: 0, nextTry: 0 }, now + 9_999 * dayMs, renewal],
  ])("is %s", (_case, progress, at, expected) => {
    expect(nextTryAt(progress, at, 0.5)).toBe(expected);
  }); // prettier-ignore
});

describe("pauseAfter", () => {
  it("doubles up to half a day, and is spread", () => {
    const pauses = [1, 2, 3, 7, 8, 60].map((failures) => pauseAfter(failures, 0.5));
    expect(pauses).toEqual([1, 2, 4, 64, 72, 72].map((times) => times * firstPauseMs));
    expect([pauseAfter(1, 0), pauseAfter(1, 0.99)]).toEqual([
      0.75 * firstPauseMs,
      expect.closeTo(1.245 * firstPauseMs, 0),
    ]);
  });

  it("never tries as often as an authority would count against a name: five failures an hour", () => {
    let [at, tries] = [0, 1];
    for (let failures = 1; ; failures += 1) {
      at += pauseAfter(failures, 0);
      if (at > 3_600_000) break;
      tries += 1;
    }
    expect(tries).toBeLessThan(5);
  });
});
