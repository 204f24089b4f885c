import { expect, it } from "@jest/globals";
import { fakeCameraId } from "@gatehouse/shared/testing";

import { missedMotion } from "./missed-motion-policy.ts";

const [a, b] = [fakeCameraId("a"), fakeCameraId("b")];
const began = { camera: a, active: true };
const ended = { camera: a, active: false };

// Every camera is in one of four states: still, moving, stopped, started.
it.each([
  ["nothing moved and nothing moves", [], [], []],
  ["motion goes on", [a], [a], []],
  ["motion ended", [a], [], [ended]],
  ["motion began", [], [a], [began]],
  ["one ended, another goes on", [a, b], [b], [ended]],
  ["one ended, another began", [a], [b], [ended, { camera: b, active: true }]],
])("when %s", (_, before, now, told) => {
  expect(missedMotion(new Set(before), new Set(now))).toEqual(told);
});
