import { describe, expect, it } from "@jest/globals";

import { accountGuesses as rate, giveBack, refill, spendGuess, type GuessAllowance } from "./guess-policy.ts";

const start = 1_700_000_000_000;
const minute = 60_000;

describe("spendGuess", () => {
  it("allows five at once, then one every four minutes", () => {
    let allowance: GuessAllowance | undefined;
    for (let guess = 0; guess < 5; guess += 1) {
      const verdict = spendGuess(allowance, rate, start);
      expect(verdict.kind).toBe("evaluated");
      ({ allowance } = verdict);
    }
    expect(spendGuess(allowance, rate, start)).toMatchObject({ kind: "refused", retryInMs: 4 * minute });
    expect(spendGuess(allowance, rate, start + minute)).toMatchObject({ kind: "refused", retryInMs: 3 * minute });
    expect(spendGuess(allowance, rate, start + 4 * minute).kind).toBe("evaluated");
  });

  it.each([1, 7, 1_000, 59_000, 240_000])("allows no more than 20 in any hour to who asks every %i ms", (step) => {
    let allowance: GuessAllowance | undefined;
    const evaluated: number[] = [];
    for (let now = start; now < start + 3 * 60 * minute; now += Math.max(step, 250)) {
      const verdict = spendGuess(allowance, rate, now);
      ({ allowance } = verdict);
      if (verdict.kind === "evaluated") evaluated.push(now);
    }
    const inHours = evaluated.map((from) => evaluated.filter((at) => at >= from && at < from + 60 * minute).length);
    expect(Math.max(...inHours)).toBeLessThanOrEqual(20);
    expect(evaluated.length).toBeGreaterThan(40);
  });

  it("gives nothing to who sets the clock back, and does not keep anybody out for long either", () => {
    const before = { left: 0, at: start };
    expect(spendGuess(before, rate, start - 60 * minute)).toMatchObject({ kind: "refused", retryInMs: 4 * minute });
  });
});

describe("refill", () => {
  it.each([
    [undefined, 0, { left: 5, at: start }],
    [{ left: 0, at: start }, 4 * minute - 1, { left: 0, at: start }],
    [{ left: 0, at: start }, 9 * minute, { left: 2, at: start + 8 * minute }],
    [{ left: 4, at: start }, 30 * minute, { left: 5, at: start + 30 * minute }],
  ] as const)("of %j after %i ms is %j", (before, later, after) => {
    expect(refill(before, rate, start + later)).toEqual(after);
  });
});

it("a guess that was right is given back, and no more than that", () => {
  expect(giveBack({ left: 4, at: start }, rate)).toEqual({ left: 5, at: start });
  expect(giveBack({ left: 5, at: start }, rate)).toEqual({ left: 5, at: start });
});
