import { describe, expect, it } from "@jest/globals";

import { isRenewalDue, renewalMarginMs, serverValidityMs, validityFrom } from "./certificate-policy.ts";

const made = Date.UTC(2026, 0, 1);
const validity = validityFrom(made);

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
    expect(isRenewalDue(validity, now)).toBe(due);
  });
});

describe("validityFrom", () => {
  it("begins a day early, but not before time began", () => {
    expect(validityFrom(made).notBefore).toBe(made - 24 * 3_600_000);
    expect(validityFrom(1_000).notBefore).toBe(0);
    expect(isRenewalDue(validityFrom(1_000), 1_000)).toBe(false);
  });
});
