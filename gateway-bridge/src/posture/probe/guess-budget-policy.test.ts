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
});
