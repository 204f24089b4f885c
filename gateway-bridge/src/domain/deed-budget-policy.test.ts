import { describe, expect, it } from "@jest/globals";

import { deedBurst, deedRefillMs, spendDeed, type DeedAllowance } from "./deed-budget-policy.ts";

const day = 24 * 60 * 60_000;

describe("spendDeed", () => {
  it.each<[string, DeedAllowance | undefined, number, "allowed" | "refused", number]>([
    ["the first ever", undefined, 5, "allowed", deedBurst - 1],
    ["one of many", { left: 7, at: 0 }, 1, "allowed", 6],
    ["the last", { left: 1, at: 0 }, 1, "allowed", 0],
    ["one too many", { left: 0, at: 0 }, deedRefillMs - 1, "refused", 0],
    ["one that was waited for", { left: 0, at: 0 }, deedRefillMs, "allowed", 0],
    ["one after two gained", { left: 0, at: 0 }, 2 * deedRefillMs, "allowed", 1],
    ["one after a night", { left: 0, at: 0 }, day, "allowed", deedBurst - 1],
    ["one at a clock that stepped back", { left: 3, at: 1_000 }, 0, "allowed", 2],
  ])("judges %s", (_, before, now, kind, left) => {
    expect(spendDeed(before, now)).toMatchObject({ kind, allowance: { left } });
  });

  it("gives whoever asks without end no more than the burst and what is gained, and whoever waits for its turn all it asks", () => {
    const allowedIn = (everyMs: number): number => {
      let allowance: DeedAllowance | undefined;
      let allowed = 0;
      for (let now = 0; now < day; now += everyMs) {
        const verdict = spendDeed(allowance, now);
        allowance = verdict.allowance;
        if (verdict.kind === "allowed") allowed += 1;
      }
      return allowed;
    };
    expect(allowedIn(100)).toBe(deedBurst + day / deedRefillMs - 1);
    expect(allowedIn(deedRefillMs)).toBe(day / deedRefillMs);
  });
});
