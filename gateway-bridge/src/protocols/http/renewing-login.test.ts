import { GatehouseError } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { HttpLogin } from "./http-client.ts";
import { latchedMs, LoginLatch } from "./login-latch.ts";
import { RenewingLogin } from "./renewing-login.ts";

/** A login that takes one challenge and refuses the next with `code`. */
const onceOnly = (code: "camera-credentials" | "camera-weaker-auth"): HttpLogin & { challenges: number } => ({
  challenges: 0,
  challenge() {
    this.challenges += 1;
    if (this.challenges > 1) throw new GatehouseError(code, "no");
  },
  authorize(): string {
    return `after ${this.challenges}`;
  },
  accepted: () => undefined,
});
const setUp = (code: "camera-credentials" | "camera-weaker-auth" = "camera-credentials") => {
  let made = 0;
  const login = new RenewingLogin(() => {
    made += 1;
    return onceOnly(code);
  });
  const challenge = (): void => login.challenge(["x"], { authorization: undefined });
  return { login, challenge, made: () => made };
};

describe("RenewingLogin", () => {
  it("begins afresh when a login that was accepted is refused, once", () => {
    const { login, challenge, made } = setUp();
    challenge();
    login.accepted(200);
    challenge();
    expect([made(), login.authorize("GET", "/")]).toEqual([2, "after 1"]);
    expect(challenge).toThrow(expect.objectContaining({ code: "camera-credentials" }));
    expect(made()).toBe(2);
  });

  it("takes the first refusal of a login that was never accepted for good", () => {
    const { challenge, made } = setUp();
    challenge();
    expect(challenge).toThrow(expect.objectContaining({ code: "camera-credentials" }));
    expect(made()).toBe(1);
  });

  it("does not begin afresh over anything but a refused password", () => {
    const { login, challenge, made } = setUp("camera-weaker-auth");
    challenge();
    login.accepted(200);
    expect(challenge).toThrow(expect.objectContaining({ code: "camera-weaker-auth" }));
    expect(made()).toBe(1);
  });
});

it("LoginLatch keeps a refused password back until the camera's lock-out is surely over", async () => {
  const clock = new TestClock();
  const latch = new LoginLatch(clock);
  const check = (): void => latch.check();
  expect(check).not.toThrow();
  latch.refused();
  await clock.advance(latchedMs - 1);
  expect(check).toThrow(expect.objectContaining({ code: "camera-credentials" }));
  await clock.advance(1);
  expect(check).not.toThrow();
});
