import { describe, expect, it } from "@jest/globals";

import {
  authorityMarginMs,
  authorityValidityMs,
  isEnding,
  isRenewalDue,
  renewalMarginMs,
  serverValidityMs,
  validityFrom,
} from "./certificate-policy.ts";

const dayMs = 24 * 3_600_000;
const made = Date.UTC(2026, 0, 1);
const validity = validityFrom(made, serverValidityMs);

describe("isRenewalDue", () => {
  it.each([
    ["when made", made, false],
    ["for a client whose clock is a day behind", validity.notBefore, false],
    ["long before the margin", made + serverValidityMs / 2, false],
    ["a moment before the margin", validity.notAfter - renewalMarginMs - 1, false],
    ["at the margin", validity.notAfter - renewalMarginMs, true],
    ["after its end", validity.notAfter + 1, true],
    ["when the clock was ahead as it was made", validity.notBefore - 1, true],
  ])("%s", (_case, now, due) => {
    expect(isRenewalDue(validity, now, renewalMarginMs)).toBe(due);
  });
});

describe("validityFrom", () => {
  it("begins a day early, but not before time began", () => {
    expect(validityFrom(made, serverValidityMs).notBefore).toBe(made - dayMs);
    expect(validityFrom(1_000, serverValidityMs).notBefore).toBe(0);
    expect(isRenewalDue(validityFrom(1_000, serverValidityMs), 1_000, renewalMarginMs)).toBe(false);
  });

  it("is no longer than browsers take", () => {
    expect((validity.notAfter - validity.notBefore) / dayMs).toBe(397);
  });

  it("lets no authority end before what it signs", () => {
    const authority = validityFrom(made, authorityValidityMs);
    const last = authority.notAfter - authorityMarginMs - 1;
    expect(isRenewalDue(authority, last, authorityMarginMs)).toBe(false);
    expect(validityFrom(last, serverValidityMs).notAfter).toBeLessThan(authority.notAfter);
  });
});

describe("isEnding", () => {
  it.each([
    ["when it is due for renewal", made + 60 * dayMs, false],
    ["with a sixth left", made + 75 * dayMs, true],
    ["after its end", made + 91 * dayMs, true],
    ["by a clock that is behind", 5_000, false],
  ])("%s", (_case, now, ending) => {
    expect(isEnding({ notBefore: made, notAfter: made + 90 * dayMs }, now)).toBe(ending);
  });
});
