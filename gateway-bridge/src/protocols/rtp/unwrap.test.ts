import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { CounterUnwrapper, nearestTo } from "./unwrap.ts";

describe("CounterUnwrapper", () => {
  it("goes on counting where the counter wraps, and steps back where it stepped back", () => {
    const sequences = new CounterUnwrapper(16);
    expect([65_534, 65_535, 0, 65_535, 1].map((value) => sequences.next(value))).toEqual([
      65_534, 65_535, 65_536, 65_535, 65_537,
    ]);
  });

  it("goes below zero for what was before a first value near zero", () => {
    const timestamps = new CounterUnwrapper(32);
    expect([5, 2 ** 32 - 5, 10].map((value) => timestamps.next(value))).toEqual([5, -5, 10]);
  });

  it("peeks without following", () => {
    const sequences = new CounterUnwrapper(16);
    expect(sequences.peek(40_000)).toBe(40_000);
    sequences.next(65_000);
    expect(sequences.peek(100)).toBe(65_636);
    expect(sequences.next(64_000)).toBe(64_000);
  });

  it.each([16, 32] as const)("recovers any walk of steps below half of 2^%i", (bits) => {
    const half = 2 ** (bits - 1);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 * half - 1 }),
        fc.array(fc.integer({ min: -half, max: half - 1 }), { maxLength: 200 }),
        (first, steps) => {
          const unwrapper = new CounterUnwrapper(bits);
          let value = first;
          expect(unwrapper.next(first)).toBe(first);
          for (const step of steps) {
            value += step;
            const span = 2 * half;
            expect(unwrapper.next(((value % span) + span) % span)).toBe(value);
          }
        },
      ),
    );
  });
});

describe("nearestTo", () => {
  it("prefers the past when both are equally near", () => {
    expect(nearestTo(100_000, (100_000 + 32_768) % 65_536, 16)).toBe(100_000 - 32_768);
  });
});
