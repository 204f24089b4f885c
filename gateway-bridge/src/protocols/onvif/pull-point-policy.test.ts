import { describe, expect, it } from "@jest/globals";

import { decideAfterPull, pauseBeforePull, renewAfterMs, type AfterPull, type Pull } from "./pull-point-policy.ts";

const base: Pull = {
  outcome: "answered",
  elapsedMs: 30_000,
  pullMs: 30_000,
  quickCuts: 0,
  answered: true,
  ageMs: 60_000,
};
const pull = (pullMs: number, quickCuts = 0): AfterPull => ({ kind: "pull", pullMs, quickCuts });

describe("decideAfterPull", () => {
  it.each<[string, Partial<Pull>, AfterPull]>([
    ["an answer", {}, pull(30_000)],
    ["an answer after quick cuts", { quickCuts: 2 }, pull(30_000)],
    ["a cut at 10 s", { outcome: "cut", elapsedMs: 10_004 }, pull(9_000)],
    ["a cut at 10 s of a shorter pull", { outcome: "cut", elapsedMs: 10_004, pullMs: 5_000 }, pull(5_000)],
    ["a cut at 2 s", { outcome: "cut", elapsedMs: 2_000 }, pull(1_000)],
    ["a first quick cut", { outcome: "cut", elapsedMs: 5 }, pull(30_000, 1)],
    ["a second quick cut", { outcome: "cut", elapsedMs: 5, quickCuts: 1 }, pull(30_000, 2)],
    ["a third quick cut", { outcome: "cut", elapsedMs: 5, quickCuts: 2 }, { kind: "subscribe" }],
    [
      "a third quick cut too soon",
      { outcome: "cut", elapsedMs: 5, quickCuts: 2, ageMs: 1_000 },
      { kind: "give-up", pauseMs: 4_000 },
    ],
    ["a fault", { outcome: "failed", code: "camera-fault" }, { kind: "subscribe" }],
    [
      "a fault too soon",
      { outcome: "failed", code: "camera-fault", ageMs: 1_000 },
      { kind: "give-up", pauseMs: 4_000 },
    ],
    ["silence", { outcome: "failed", code: "camera-unreachable" }, { kind: "subscribe" }],
    [
      "silence too soon",
      { outcome: "failed", code: "camera-unreachable", ageMs: 1_000 },
      { kind: "give-up", pauseMs: 0 },
    ],
    [
      "a fault of what never answered",
      { outcome: "failed", code: "camera-fault", answered: false },
      { kind: "give-up", pauseMs: 0 },
    ],
    ["rubbish", { outcome: "failed", code: "camera-answer-malformed" }, { kind: "subscribe" }],
    ["a refused login", { outcome: "failed", code: "camera-credentials" }, { kind: "give-up", pauseMs: 0 }],
    ["another key", { outcome: "failed", code: "camera-fingerprint-changed" }, { kind: "give-up", pauseMs: 0 }],
    ["a flood", { outcome: "failed", code: "camera-answer-too-large" }, { kind: "give-up", pauseMs: 0 }],
  ])("after %s", (_, given, expected) => {
    expect(decideAfterPull({ ...base, ...given })).toEqual(expected);
  });
});

it.each([
  [0, 0, 1_000],
  [400, 0, 600],
  [30_000, 0, 0],
  [0, 3, 50],
  [60, 3, 0],
])("after %d ms with %d messages it pauses %d ms", (elapsedMs, messages, pauseMs) => {
  expect(pauseBeforePull({ elapsedMs, messages })).toBe(pauseMs);
});

it.each([
  [undefined, 60_000],
  [120_000, 60_000],
  [60_000, 30_000],
  [2_419_200_000, 60_000],
  [-5, 5_000],
])("renews a subscription of %s ms after %d ms", (granted, after) => {
  expect(renewAfterMs(granted)).toBe(after);
});
