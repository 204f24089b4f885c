import { expect, it } from "@jest/globals";

import { goodKeys, keyOverlapMs } from "./gateway-key-policy.ts";

const [first, next] = [
  { pin: "a", noted: 0 },
  { pin: "b", noted: 1_000 },
];

it.each([
  ["none", [], 0, []],
  ["the only one, however old", [first], 10 * keyOverlapMs, ["a"]],
  ["both until the next was known for a week", [next, first], 999 + keyOverlapMs, ["a", "b"]],
  ["the next alone from then on", [next, first], 1_000 + keyOverlapMs, ["b"]],
])("takes %s", (_what, keys, now, good) => {
  expect(goodKeys(keys, now).map(({ pin }) => pin)).toEqual(good);
});
