import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { ByteBudget } from "./byte-budget.ts";

describe("ByteBudget", () => {
  it("gives one second's worth at once, and what passes afterwards", async () => {
    const clock = new TestClock();
    const budget = new ByteBudget(1_000, clock);
    let released = 0;
    const reader = { release: () => (released += 1) };
    expect([budget.spend(900, reader), budget.spend(100, reader), budget.spend(500, reader)]).toEqual([
      true,
      true,
      false,
    ]);
    await clock.advance(499);
    expect(released).toBe(0);
    await clock.advance(1);
    expect(released).toBe(1);
    expect(budget.spend(1, reader)).toBe(false);
  });

  it("saves no more than a second's worth", async () => {
    const clock = new TestClock();
    const budget = new ByteBudget(1_000, clock);
    const reader = { release: () => undefined };
    budget.spend(1_000, reader);
    await clock.advance(60_000);
    expect([budget.spend(1_000, reader), budget.spend(1, reader)]).toEqual([true, false]);
  });

  it("holds to less at once when it is given less", () => {
    const budget = new ByteBudget(1_000_000, new TestClock());
    budget.bytesPerSecond = 100;
    expect(budget.spend(101, { release: () => undefined })).toBe(false);
  });

  it("releases nobody who is gone", async () => {
    const clock = new TestClock();
    const budget = new ByteBudget(10, clock);
    const released: string[] = [];
    const [stays, goes] = ["stays", "goes"].map((name) => ({ release: () => void released.push(name) }));
    budget.spend(20, stays!);
    budget.spend(20, goes!);
    budget.forget(goes!);
    await clock.advance(60_000);
    expect(released).toEqual(["stays"]);
    budget.spend(200, stays!);
    budget[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});
