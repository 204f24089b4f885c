import { describe, expect, it } from "@jest/globals";

import { mostRefusals, RefusalBudget } from "./refusal-budget.ts";

describe("RefusalBudget", () => {
  it("bears a burst, and no more", () => {
    const budget = new RefusalBudget(0);
    const borne = Array.from({ length: mostRefusals + 1 }, () => budget.spend(0));
    expect(borne.indexOf(false)).toBe(mostRefusals);
  });

  it("forgives with time, up to a whole burst", () => {
    const budget = new RefusalBudget(0);
    for (let count = 0; count < mostRefusals; count += 1) budget.spend(0);
    expect(budget.spend(125)).toBe(true);
    expect(budget.spend(125)).toBe(false);
    const later = Array.from({ length: mostRefusals + 1 }, () => budget.spend(86_400_000));
    expect(later.indexOf(false)).toBe(mostRefusals);
  });
});
