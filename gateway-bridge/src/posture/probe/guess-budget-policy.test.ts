import { describe, expect, it } from "@jest/globals";

import { decideGuess, guessWindowMs } from "./guess-budget-policy.ts";

const minute = 60_000;

describe("decideGuess", () => {
  it.each([
    ["nothing was sent", [], []],
    ["one was sent a moment ago", [0], []],
    ["two were sent, one of them long enough ago", [minute, guessWindowMs], []],
    ["the camera hinted at a lock long enough ago", [], [guessWindowMs]],
  ])("allows one more where %s", (_, wrong, locked) => {
    expect(decideGuess({ wrong, locked })).toEqual({ kind: "allowed" });
  });

  it.each([
    ["two were sent within the window", [minute, 10 * minute], [], guessWindowMs - 10 * minute],
    ["more were, by other parts of the gateway", [minute, 2 * minute, 20 * minute], [], guessWindowMs - 2 * minute],
    ["the clock was set back since", [-5 * minute, -minute], [], guessWindowMs],
    ["the camera hinted at a lock, though nothing is on record", [], [3 * minute], guessWindowMs - 3 * minute],
    ["the older of two is a moment too young", [0, guessWindowMs - 1], [], 1],
  ])("refuses one more where %s, and says for how long", (_, wrong, locked, retryInMs) => {
    expect(decideGuess({ wrong, locked })).toMatchObject({ kind: "refused", retryInMs });
  });

  it.each([
    ["nothing was sent", [], undefined],
    ["one was sent", [minute], guessWindowMs - minute],
    ["two were sent: both have to be old", [minute, 30 * minute], guessWindowMs - minute],
    ["one was sent long enough ago", [guessWindowMs], undefined],
  ])("has room for two where %s", (_, wrong, retryInMs) => {
    const expected = retryInMs === undefined ? { kind: "allowed" } : { kind: "refused", retryInMs };
    expect(decideGuess({ wrong, locked: [] }, 2)).toMatchObject(expected);
  });

  it("says how many were sent", () => {
    const why = (wrong: readonly number[], count: number): unknown => decideGuess({ wrong, locked: [] }, count);
    expect(why([minute], 2)).toHaveProperty("why", "a password was tried at this account within 35 minutes");
    expect(why([0, 1, 2], 1)).toHaveProperty("why", "3 passwords were tried at this account within 35 minutes");
  });
});
