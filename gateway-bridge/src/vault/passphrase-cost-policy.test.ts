import { expect, it } from "@jest/globals";

import { costOfGuess } from "./passphrase-cost-policy.ts";

it.each([
  [8_000, 256],
  [1_024, 256],
  [1_023, 128],
  [512, 128],
  [511, 64],
  [128, 64],
])("on a box of %i MiB a guess takes %i MiB", (box, guess) => {
  expect(costOfGuess(box * 1_048_576)).toEqual({ memory: guess * 1_024, passes: 3, lanes: 1 });
});
