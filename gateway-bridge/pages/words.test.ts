import { describe, expect, it } from "@jest/globals";
import { errorRegistry } from "@gatehouse/shared";

import { controlOf, explain } from "./words.js";

const refusal = (code: string, message = "it went wrong", details = {}) => ({
  code,
  message,
  remedy: "Do it so.",
  details,
});

describe("explain", () => {
  it("speaks of pages, not of commands, wherever a person at a page can be refused", () => {
    const atPages = [
      "unauthenticated",
      "access-denied",
      "sign-in-refused",
      "step-up-required",
      "too-many-guesses",
      "first-run-done",
      "name-taken",
      "code-refused",
      "passkey-refused",
      "passkeys-need-a-name",
      "last-factor",
      "last-owner",
      "guest-link-invalid",
      "clock-wrong",
      "internal",
    ];
    for (const code of atPages) {
      expect(Object.keys(errorRegistry)).toContain(code);
      const { text, remedy } = explain(refusal(code));
      expect(`${text} ${remedy}`).not.toMatch(/gatehouse |it went wrong|Do it so/);
      expect(text).toMatch(/^[A-Z].*\.$/);
      expect(remedy).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("keeps the gateway's own words where it has none better", () => {
    const { text, remedy } = explain(refusal("camera-unreachable", "the camera did not answer"));
    expect([text, remedy]).toEqual(["The camera did not answer.", "Do it so."]);
  });

  it("takes the words of the form first", () => {
    const own = { "sign-in-refused": { text: "This link was used.", remedy: "Ask for another." } };
    expect(explain(refusal("sign-in-refused"), own)).toEqual(own["sign-in-refused"]);
  });

  it.each([
    [{ retryInMs: 90_000 }, "Wait 90 seconds"],
    [{ retryInMs: 3_000_000 }, "Wait 50 minutes"],
    [{}, "Wait 60 seconds"],
    [{ retryInMs: "soon" }, "Wait 60 seconds"],
  ])("tells who guessed too often how long to wait: %j", (details, words) => {
    expect(explain(refusal("too-many-guesses", "", details)).remedy).toContain(words);
  });

  it.each(["short", "common", "name", "breached"])("says what is weak about a password: %s", (why) => {
    const { text, remedy } = explain(refusal("password-weak", "weak", { why }));
    expect(text).toMatch(/password.*\.$/);
    expect(remedy).toContain("Three random words");
  });

  it("is not misled by names that every object has", () => {
    expect(explain(refusal("constructor", "odd")).text).toBe("Odd.");
    expect(controlOf(refusal("constructor"))).toBeUndefined();
  });
});

describe("controlOf", () => {
  it.each([
    ["password-weak", "", "password"],
    ["name-taken", "", "loginName"],
    ["code-refused", "", "code"],
    ["request-invalid", "body.until: at most 30 days from now", "until"],
    ["request-invalid", "query.width: a number", undefined],
    ["sign-in-refused", "name, password or code is wrong", undefined],
  ])("of %s (%s) is %s", (code, message, control) => {
    expect(controlOf(refusal(code, message))).toBe(control);
  });
});
