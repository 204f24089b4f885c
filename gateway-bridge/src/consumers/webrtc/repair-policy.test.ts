import { describe, expect, it } from "@jest/globals";

import { chooseRepair, type Breakdown } from "./repair-policy.ts";

/** 2 Mbit/s, in bytes a ms. */
const rate = 250;
/** A GOP of so many ms that runs at that rate. */
const aged = (ageMs: number, bytes = ageMs * rate): Breakdown["stored"] => ({ ageMs, bytes });
const never = Infinity;

describe("What a viewer gets that cannot decode", () => {
  it.each<[string, Breakdown, ReturnType<typeof chooseRepair>]>([
    ["nothing, where nothing is stored", { stored: undefined, rate, gopMs: 2_000, sinceReplayMs: never }, "wait"],
    ["a young GOP", { stored: aged(900), rate, gopMs: 4_000, sinceReplayMs: never }, "replay"],
    ["a young GOP, before anything was measured", { stored: aged(900), rate: 0, gopMs: null, sinceReplayMs: never }, "replay"],
    ["a young GOP of much, where the next is far", { stored: aged(100, 500_001), rate, gopMs: 4_000, sinceReplayMs: never }, "replay"],
    ["no young GOP of much, where the next is soon", { stored: aged(100, 500_001), rate, gopMs: 2_000, sinceReplayMs: never }, "wait"],
    ["a young GOP of a byte less", { stored: aged(100, 500_000), rate, gopMs: 2_000, sinceReplayMs: never }, "replay"],
    ["no old GOP, however little, where the next is soon", { stored: aged(1_001, 100), rate, gopMs: 3_000, sinceReplayMs: never }, "wait"],
    ["the next GOP, where that is at hand", { stored: aged(600), rate, gopMs: 1_000, sinceReplayMs: never }, "wait"],
    ["a young GOP, where the next is not quite at hand", { stored: aged(599), rate, gopMs: 1_000, sinceReplayMs: never }, "replay"],
    ["a young GOP once", { stored: aged(900), rate, gopMs: 2_900, sinceReplayMs: 900 }, "wait"],
    ["a young GOP again, after the one before", { stored: aged(900), rate, gopMs: 2_900, sinceReplayMs: 901 }, "replay"],
    ["an old GOP, where the next is far", { stored: aged(5_000), rate, gopMs: 10_000, sinceReplayMs: never }, "replay"],
    ["the next GOP, however far, soon after that did not help", { stored: aged(3_000), rate, gopMs: 60_000, sinceReplayMs: 2_000 }, "wait"],
    ["an old GOP again, a while after it did not help", { stored: aged(9_000), rate, gopMs: 60_000, sinceReplayMs: 5_001 }, "replay"],
    ["an old GOP, where nobody knows when the next comes", { stored: aged(3_000), rate, gopMs: null, sinceReplayMs: never }, "replay"],
    ["the next GOP, while that is late", { stored: aged(2_900), rate, gopMs: 2_000, sinceReplayMs: never }, "wait"],
    ["an old GOP, once the next is overdue", { stored: aged(3_001), rate, gopMs: 2_000, sinceReplayMs: never }, "replay"],
  ])("%s", (_, breakdown, repair) => expect(chooseRepair(breakdown)).toBe(repair)); // prettier-ignore
});
