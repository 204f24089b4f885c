import { describe, expect, it } from "@jest/globals";

import { payloadSize } from "./payload-policy.ts";

describe("payloadSize", () => {
  it.each([
    [1_378, "ipv4", 1_200],
    [1_228, "ipv6", 1_158],
    [1_250, "ipv4", 1_200],
    [1_249, "ipv4", 1_199],
    [500, "ipv4", 450],
    [500, "ipv6", 430],
    [65_535, "ipv6", 1_200],
  ] as const)("of an MTU of %i over %s is %i", (mtu, family, size) => {
    expect(payloadSize({ mtu, family })).toBe(size);
  });
});
