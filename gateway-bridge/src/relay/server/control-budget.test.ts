import { expect, it } from "@jest/globals";

import { ControlBudget } from "./control-budget.ts";

it("allows a burst of frames, and a few in each second", () => {
  const budget = new ControlBudget(0);
  const allowed = (now: number) => {
    let count = 0;
    while (count < 1_000 && budget.spend(now)) count += 1;
    return count;
  };
  expect([allowed(0), allowed(1_250), allowed(3_600_000)]).toEqual([64, 4, 64]);
});
