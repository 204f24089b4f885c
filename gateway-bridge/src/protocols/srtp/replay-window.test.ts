import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { ReplayWindow } from "./replay-window.ts";

describe("ReplayWindow", () => {
  it("takes each index once, and none that lies 64 or more behind", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 300 }), { maxLength: 300 }), (indexes) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const index of indexes) {
          const expected = index >= 0 && !seen.has(index) && highest - index < 64;
          expect(window.accepts(index)).toBe(expected);
          if (!expected) continue;
          window.add(index);
          seen.add(index);
          highest = Math.max(highest, index);
          expect(window.highest).toBe(highest);
        }
      }),
    );
  });
});
