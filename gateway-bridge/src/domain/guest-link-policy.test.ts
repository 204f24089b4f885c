import { expect, it } from "@jest/globals";

import { judgeEnd, longestGuestMs } from "./guest-link-policy.ts";

const now = 1_700_000_000_000;

it.each([
  [now + 1, "fine"],
  [now + longestGuestMs, "fine"],
  [now + longestGuestMs + 1, "until: a guest link lasts 30 days at most"],
  [now, "until: this moment has passed"],
  [0, "until: this moment has passed"],
  [Number.NaN, "until: this moment has passed"],
])("of a guest's time that ends at %d: %s", (until, verdict) => {
  expect(judgeEnd(until, now)).toBe(verdict);
});
