import { describe, expect, it } from "@jest/globals";

import { middleOfNtp, toNtp } from "./ntp-time.ts";
import { fromNtp } from "./testing/from-ntp.ts";

describe("NTP time", () => {
  it("counts seconds from 1900", () => {
    expect(toNtp(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
    expect(toNtp(Date.UTC(2024, 0, 1) + 250)).toEqual({ seconds: 3_913_056_000, fraction: 2 ** 30 });
  });

  it("comes back to the same millisecond, also beyond 2036 and for fractions", () => {
    for (const time of [0, Date.UTC(2024, 5, 6), Date.UTC(2035, 11, 31), Date.UTC(2036, 1, 8), Date.UTC(2060, 1, 8)]) {
      for (const extra of [0, 0.25, 1, 333, 999.5]) expect(fromNtp(toNtp(time + extra))).toBeCloseTo(time + extra, 3);
    }
  });

  it("gives the middle 32 bits to reports", () => {
    expect(middleOfNtp({ seconds: 0x1234_5678, fraction: 0x9abc_def0 })).toBe(0x5678_9abc);
    expect(middleOfNtp({ seconds: 0xffff_ffff, fraction: 0xffff_ffff })).toBe(0xffff_ffff);
  });
});
