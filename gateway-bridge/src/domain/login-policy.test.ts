import { describe, expect, it } from "@jest/globals";
import { LoginId, PrincipalId, type Factor } from "@gatehouse/shared";

import {
  assuranceOf,
  cookieEnd,
  endOfLogin,
  hasSteppedUp,
  hasTwoFactors,
  isComplete,
  isEnrolling,
  isLoginOver,
  isSettingUp,
  lifetimes,
  mayBeLeft,
  mayChangeFactors,
  maySetPassword,
  stepUpMs,
} from "./login-policy.ts";

const [minute, hour] = [60_000, 3_600_000];
const now = 1_700_000_000_000;

describe("a login", () => {
  it.each([
    ["of who governs, unused for 15 minutes", "governs", 20 * minute, 15 * minute, true],
    ["of who governs, used a moment before that", "governs", 20 * minute, 15 * minute - 1, false],
    ["of who governs, used all the while for 12 hours", "governs", 12 * hour, 0, true],
    ["of who governs, a moment before that", "governs", 12 * hour - 1, 0, false],
    ["of who governs and wished to stay, unused for 15 minutes", "governs, stays", 20 * minute, 15 * minute, true],
    ["of who watches, unused for 15 minutes", "watches", 20 * minute, 15 * minute, false],
    ["of who watches, unused for an hour", "watches", 2 * hour, hour, true],
    ["of who watches, used all the while for 12 hours", "watches", 12 * hour, 0, true],
    ["of who watches, a moment before that", "watches", 12 * hour - 1, 0, false],
    ["of who watches and stays, unused for 15 minutes", "watches, stays", 20 * minute, 15 * minute, false],
    ["of who watches and stays, unused for a day", "watches, stays", 48 * hour, 24 * hour, true],
    ["of who watches and stays, used a moment before that", "watches, stays", 48 * hour, 24 * hour - 1, false],
    ["of who watches and stays, used all the while for 30 days", "watches, stays", 720 * hour, 0, true],
    ["that begins in the future", "watches", -1, 0, true],
    ["that was used in the future", "watches", 5, -1, true],
  ])("%s", (_, who, age, unused, over) => {
    const times = { created: now - age, used: now - unused, stays: who.includes("stays") };
    expect(isLoginOver(times, who.includes("governs"), now)).toBe(over);
  });

  it.each([
    ["of who watches, when the browser is closed", { stays: false }, false, undefined],
    ["of who watches and stays, in 30 days", { stays: true }, false, now + 720 * hour],
    ["of who governs, when the browser is closed", { stays: true }, true, undefined],
    ["of a guest, with the guest's time", { stays: false, until: now + hour }, false, now + hour],
  ])("loses its cookie %s", (_, times, governs, end) => {
    expect(cookieEnd({ created: now, used: now, ...times }, governs)).toBe(end);
  });

  it("tells when it ends", () => {
    const times = { used: now, stays: false };
    expect(endOfLogin({ ...times, created: now }, true)).toBe(now + lifetimes.admin.idleMs);
    expect(endOfLogin({ ...times, created: now - 12 * hour + 1 }, true)).toBe(now + 1);
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
    [["passkey"], "two", false],
    [["code", "passkey"], "two", false],
    [["password", "passkey"], "two", false],
  ])("%j are worth %s", (factors, assurance, enrolling) => {
    expect([assuranceOf(factors), isEnrolling(factors)]).toEqual([assurance, enrolling]);
  });
});

it.each<[Factor[], boolean]>([
  [["code"], true],
  [["code", "password", "totp"], true],
  [["password"], false],
  [["passkey"], false],
])("a login that showed %j sets everything up: %p", (factors, settingUp) => {
  expect(isSettingUp(factors)).toBe(settingUp);
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

const has = (text: string) => ({
  password: text.includes("password"),
  totp: text.includes("totp"),
  passkeys: text.includes("passkey") ? 1 : 0,
});

describe("who has", () => {
  it.each([
    // What it has; whether it has two factors; whether that may be all that is left to who watches, and to who governs.
    ["nothing", false, false, false],
    ["password", false, true, false],
    ["totp", false, false, false],
    ["password totp", true, true, true],
    ["passkey", true, true, true],
    ["passkey totp", true, true, true],
    ["password passkey", true, true, true],
  ])("%s has two factors: %p", (text, two, watches, governs) => {
    const left = has(text);
    expect([hasTwoFactors(left), mayBeLeft(left, false), mayBeLeft(left, true)]).toEqual([two, watches, governs]);
  });

  it.each<[string, Factor[], boolean]>([
    ["password", ["password"], true],
    ["password totp", ["password"], false],
    ["password totp", ["password", "totp"], true],
    ["password totp", ["password", "recovery-code"], true],
    ["password passkey", ["password"], false],
    ["password passkey", ["passkey"], true],
    ["password totp passkey", ["password", "totp"], true],
    ["passkey", ["passkey"], true],
    ["nothing", ["code"], false],
    ["password", ["code"], false],
  ])("%s and showed %j has shown all that it is asked for: %p", (text, shown, complete) => {
    expect(isComplete(shown, has(text))).toBe(complete);
  });
});

describe("changing what one signs in with", () => {
  const login = (factors: Factor[], steppedUp?: number) => ({
    id: LoginId.parse("login-aaaaaaaaaaaaaaaa"),
    principal: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
    factors,
    assurance: "one" as const,
    steppedUp,
  });
  it.each<[string, Factor[], boolean, boolean, boolean]>([
    // What the person has, what its login showed, whether just now; whether it may set a password, and change the rest.
    ["nothing", ["code"], false, true, true],
    ["password", ["password"], false, false, false],
    ["password", ["password"], true, true, true],
    ["password totp", ["password"], false, false, false],
    ["password totp", ["password", "totp"], true, true, true],
    ["password passkey", ["password"], false, false, false],
    ["password passkey", ["passkey"], true, true, true],
    // A login by passkey that is left open does not make a password.
    ["passkey", ["passkey"], false, false, false],
    ["passkey", ["passkey"], true, true, true],
    // Invited again for a forgotten password: authenticator and passkeys stay.
    ["totp", ["code"], false, true, false],
    ["passkey", ["code"], false, true, false],
    ["password passkey", ["code", "password"], false, false, false],
  ])("of a person with %s whose login showed %j, just now: %p", (text, factors, shown, password, others) => {
    const of = login(factors, shown ? now : undefined);
    expect([maySetPassword(of, has(text), now), mayChangeFactors(of, has(text), now)]).toEqual([password, others]);
  });
});
