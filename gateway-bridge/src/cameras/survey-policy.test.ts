import { expect, it } from "@jest/globals";

import { decideSurvey } from "./survey-policy.ts";

const minute = 60_000;

it.each([
  // surveyed at, stream asked for before at, now
  [undefined, Number.NEGATIVE_INFINITY, 0, "renew"],
  [0, Number.NEGATIVE_INFINITY, minute, "keep"],
  [0, Number.NEGATIVE_INFINITY, 11 * minute, "renew"],
  [0, 0, minute, "renew"],
  [0, minute, minute + 500, "renew"],
  [2 * minute, minute, 2 * minute, "keep"],
  [0, minute, 4 * minute, "keep"],
  [0, 10.5 * minute, 11 * minute, "renew"],
] as const)("surveyed at %s, asked at %s, now %s: %s", (surveyedAt, locatedAt, now, expected) => {
  expect(decideSurvey({ surveyedAt, locatedAt, now })).toBe(expected);
});
