import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { OperatorId } from "../operators/operator.ts";
import { SignIns, signInLasts } from "./sign-ins.ts";

const ada = { id: OperatorId.parse("op-aaaaaaaaaaaaaaaa"), pin: "a".repeat(43) };
const bob = { id: OperatorId.parse("op-bbbbbbbbbbbbbbbb"), pin: "b".repeat(43) };

const open = () => {
  const clock = new TestClock();
  return { clock, signIns: new SignIns({ clock }) };
};

describe("SignIns", () => {
  it("lasts ten minutes", async () => {
    const { clock, signIns } = open();
    const { token, expires } = signIns.begin(ada);
    expect(expires - clock.now()).toBe(600_000);
    await clock.advance(signInLasts - 1);
    expect(signIns.has(ada, token)).toBe(true);
    await clock.advance(1);
    expect(signIns.has(ada, token)).toBe(false);
  });

  it("is good for nobody else, and on no other key", () => {
    const { signIns } = open();
    const { token } = signIns.begin(ada);
    signIns.begin(bob);
    expect(signIns.has(bob, token)).toBe(false);
    expect(signIns.has({ ...ada, pin: bob.pin }, token)).toBe(false);
    expect(signIns.has(ada, `${token}x`)).toBe(false);
    expect(signIns.has(ada, "")).toBe(false);
  });

  it("ends with the next one, and when the operator goes", () => {
    const { signIns } = open();
    const [first, second] = [signIns.begin(ada), signIns.begin(ada)];
    expect(signIns.has(ada, first.token)).toBe(false);
    expect(signIns.has(ada, second.token)).toBe(true);
    signIns.end(ada.id);
    expect(signIns.has(ada, second.token)).toBe(false);
  });
});
