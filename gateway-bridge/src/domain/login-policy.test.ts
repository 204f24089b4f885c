import { describe, expect, it } from "@jest/globals";
import { LoginId, PrincipalId, type Factor } from "@gatehouse/shared";

import {
  assuranceOf,
  endOfLogin,
  hasSteppedUp,
  isEnrolling,
  isLoginOver,
  lifetimes,
  mayChangeTotp,
  maySetPassword,
  stepUpMs,
} from "./login-policy.ts";

const [minute, hour] = [60_000, 3_600_000];
const now = 1_700_000_000_000;

describe("a login", () => {
  it.each([
    ["of who governs, unused for 15 minutes", true, 20 * minute, 15 * minute, true],
    ["of who governs, used a moment before that", true, 20 * minute, 15 * minute - 1, false],
    ["of who governs, used all the while for 12 hours", true, 12 * hour, 0, true],
    ["of who governs, a moment before that", true, 12 * hour - 1, 0, false],
    ["of who watches, unused for 15 minutes", false, 20 * minute, 15 * minute, false],
    ["of who watches, unused for a day", false, 48 * hour, 24 * hour, true],
    ["of who watches, used all the while for 30 days", false, 720 * hour, 0, true],
    ["that begins in the future", false, -1, 0, true],
    ["that was used in the future", false, 5, -1, true],
  ])("%s", (_, admin, age, unused, over) => {
    expect(isLoginOver({ created: now - age, used: now - unused }, admin, now)).toBe(over);
  });

  it("tells when it ends", () => {
    expect(endOfLogin({ created: now, used: now }, true)).toBe(now + lifetimes.admin.idleMs);
    expect(endOfLogin({ created: now - 12 * hour + 1, used: now }, true)).toBe(now + 1);
  });
});

describe("factors", () => {
  it.each<[Factor[], "one" | "two", boolean]>([
    [["code"], "one", true],
    [["code", "totp"], "one", true],
    [["password"], "one", false],
    [["code", "password"], "one", false],
    [["password", "totp"], "two", false],
    [["password", "recovery-code"], "two", false],
    [["totp", "recovery-code"], "one", true],
  ])("%j are worth %s", (factors, assurance, enrolling) => {
    expect([assuranceOf(factors), isEnrolling(factors)]).toEqual([assurance, enrolling]);
  });
});

describe("what was shown", () => {
  it.each([
    [undefined, false],
    [now, true],
    [now - stepUpMs + 1, true],
    [now - stepUpMs, false],
    [now + 1, false],
  ])("at %p stands: %p", (steppedUp, stands) => {
    expect(hasSteppedUp({ steppedUp }, now)).toBe(stands);
  });
});

describe("changing what one signs in with", () => {
  const login = (steppedUp?: number) => ({
    id: LoginId.parse("login-aaaaaaaaaaaaaaaa"),
    principal: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
    factors: [],
    assurance: "one" as const,
    steppedUp,
  });
  it.each([
    [{ password: false, totp: false }, false, true, true],
    [{ password: true, totp: false }, false, false, false],
    [{ password: true, totp: false }, true, true, true],
    [{ password: true, totp: true }, false, false, false],
    [{ password: true, totp: true }, true, true, true],
    // Invited again for a forgotten password: the authenticator stays.
    [{ password: false, totp: true }, false, true, false],
  ])("of a person with %j, shown just now: %p", (has, shown, password, totp) => {
    const of = login(shown ? now : undefined);
    expect([maySetPassword(of, has, now), mayChangeTotp(of, has, now)]).toEqual([password, totp]);
  });
});
