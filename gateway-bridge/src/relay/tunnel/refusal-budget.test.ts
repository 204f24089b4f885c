import { describe, expect, it } from "@jest/globals";

import { RefusalBudget } from "./refusal-budget.ts";

const options = { most: 64, forgivenEachSecond: 8 };
const burst = (budget: RefusalBudget, now: number): boolean[] => Array.from({ length: 65 }, () => budget.spend(now));

describe("RefusalBudget", () => {
  it("bears a burst, and no more", () => {
    expect(burst(new RefusalBudget(options, 0), 0).indexOf(false)).toBe(64);
  });

  it("forgives with time, up to a whole burst", () => {
    const budget = new RefusalBudget(options, 0);
    for (let count = 0; count < 64; count += 1) budget.spend(0);
    expect(budget.spend(125)).toBe(true);
    expect(budget.spend(125)).toBe(false);
    expect(burst(budget, 86_400_000).indexOf(false)).toBe(64);
  });
});
