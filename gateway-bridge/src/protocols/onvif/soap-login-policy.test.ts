import { describe, expect, it } from "@jest/globals";

import { decideLogin, type LoginRefusal } from "./soap-login-policy.ts";

describe("decideLogin", () => {
  const clocks = ["not-measured", "unmoved", "moved"] as const;
  const flags = [false, true];

  it.each<[Partial<LoginRefusal>, string]>([
    // A camera that knows SOAP logins only.
    [{}, "send-token"],
    [{ secure: true }, "send-token"],
    [{ tokenSent: true }, "measure-clock"],
    [{ tokenSent: true, clock: "unmoved" }, "wrong-credentials"],
    [{ tokenSent: true, clock: "moved" }, "send-token"],
    // A camera that speaks HTTP Digest.
    [{ speaksHttpLogin: true }, "not-permitted"],
    [{ speaksHttpLogin: true, secure: true }, "send-token"],
    [{ speaksHttpLogin: true, secure: true, tokenSent: true }, "measure-clock"],
    [{ speaksHttpLogin: true, secure: true, tokenSent: true, clock: "unmoved" }, "not-permitted"],
  ])("%j: %s", (given, kind) => {
    const refusal: LoginRefusal = {
      hasCredentials: true,
      secure: false,
      speaksHttpLogin: false,
      tokenSent: false,
      clock: "not-measured",
      ...given,
    };
    expect(decideLogin(refusal)).toEqual({ kind });
  });

  it("never sends anything without credentials, nor a first token over plain HTTP to a camera that speaks Digest", () => {
    for (const secure of flags)
      for (const speaksHttpLogin of flags)
        for (const tokenSent of flags)
          for (const clock of clocks) {
            const rest = { secure, speaksHttpLogin, tokenSent, clock };
            expect(decideLogin({ hasCredentials: false, ...rest }).kind).toBe("missing-credentials");
            if (tokenSent || secure || !speaksHttpLogin) continue;
            expect(decideLogin({ hasCredentials: true, ...rest }).kind).toBe("not-permitted");
          }
  });
});
