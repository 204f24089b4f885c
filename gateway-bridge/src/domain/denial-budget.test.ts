import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { DenialBudget, denialBurst, denialRefillMs } from "./denial-budget.ts";

describe("DenialBudget", () => {
  const spent = (budget: DenialBudget, caller: string): void => {
    for (let row = 0; row < denialBurst; row += 1) expect(budget.take(caller)).toBe(0);
  };

  it("lets a burst through, then leaves out", () => {
    const budget = new DenialBudget(new TestClock());
    spent(budget, "-");
    expect(budget.take("-")).toBeUndefined();
  });

  it("tells with the next row how many were left out", async () => {
    const clock = new TestClock();
    const budget = new DenialBudget(clock);
    spent(budget, "-");
    for (let row = 0; row < 500; row += 1) budget.take("-");
    await clock.advance(denialRefillMs - 1);
    expect(budget.take("-")).toBeUndefined();
    await clock.advance(1);
    expect(budget.take("-")).toBe(501);
    expect(budget.take("-")).toBeUndefined();
  });

  it("saves up no more than one burst", async () => {
    const clock = new TestClock();
    const budget = new DenialBudget(clock);
    budget.take("-");
    await clock.advance(denialRefillMs * denialBurst * 100);
    spent(budget, "-");
    expect(budget.take("-")).toBeUndefined();
  });

  it("never lets one caller use up another's", () => {
    const budget = new DenialBudget(new TestClock());
    spent(budget, "-");
    expect(budget.take("-")).toBeUndefined();
    spent(budget, "who-aaaaaaaaaaaaaaaa");
  });
});
