import { expect, it } from "@jest/globals";

import { isNewer } from "./version-policy.ts";

it.each([
  ["0.1.0", "0.1.0", false],
  ["0.1.1", "0.1.0", true],
  ["0.1.0", "0.1.1", false],
  ["0.10.0", "0.9.9", true],
  ["1.0.0", "0.99.99", true],
  ["0.99.99", "1.0.0", false],
])("%s is newer than %s: %s", (one, other, expected) => {
  expect(isNewer(one, other)).toBe(expected);
});
