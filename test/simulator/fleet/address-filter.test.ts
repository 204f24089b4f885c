import { expect, it } from "@jest/globals";

import { admits } from "./address-filter.ts";

it.each([
  ["Allow", [], "10.0.0.9", true],
  ["Deny", [], "10.0.0.9", true],
  ["Allow", ["10.0.0.0/24"], "10.0.0.9", true],
  ["Allow", ["10.0.0.0/24"], "10.0.1.9", false],
  ["Allow", ["10.0.0.9/32", "10.0.1.9/32"], "::ffff:10.0.1.9", true],
  ["Deny", ["10.0.0.0/24"], "10.0.0.9", false],
  ["Deny", ["10.0.0.0/24"], "10.0.1.9", true],
] as const)("a filter that says %s %j lets %s in: %s", (type, addresses, from, admitted) => {
  expect(admits({ type, addresses: [...addresses] }, from)).toBe(admitted);
});
