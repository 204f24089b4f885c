import { expect, it } from "@jest/globals";
import type { Tier } from "@gatehouse/shared";

import { chooseTier } from "./tier-choice-policy.ts";

const tier = (name: Tier["name"], width: number, codec: Tier["codec"] = "h264"): Tier => ({
  name,
  codec,
  width,
  height: 0,
  fps: 25,
});
const both = [tier("main", 1920), tier("sub", 640)];

// Every relation of the wish to the offer: none, below, between, equal, above; and offers that cannot be used.
it.each([
  [both, undefined, "main"],
  [both, 320, "sub"],
  [both, 640, "sub"],
  [both, 641, "main"],
  [both, 1920, "main"],
  [both, 3840, "main"],
  [[...both, tier("third", 320)], 320, "third"],
  [[tier("main", 1920), tier("sub", 640, "h265")], 320, "main"],
  [[tier("main", 1920, "h265"), tier("sub", 640)], 1920, "sub"],
  [[tier("main", 0), tier("sub", 0)], 320, "main"],
  [[], 320, "main"],
] as const)("of %j for a width of %s takes %s", (tiers, width, expected) => {
  expect(chooseTier(tiers, width)).toBe(expected);
});
