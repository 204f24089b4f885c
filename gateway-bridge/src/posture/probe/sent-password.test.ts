import { fakeCameraId, TestClock } from "@gatehouse/shared/testing";
import { beforeEach, describe, expect, it } from "@jest/globals";

import { Database } from "../../store/database.ts";
import { GuessLedger } from "./guess-ledger.ts";
import { OwnLogin } from "./own-logins.ts";
import { SentPassword } from "./sent-password.ts";

const account = { camera: fakeCameraId("a"), host: "192.168.1.20", username: "admin" };
const refused = expect.objectContaining({ code: "probe-refused" }) as unknown as Error;

let ledger: GuessLedger;
let proof: OwnLogin;
beforeEach(() => {
  ledger = GuessLedger.open({ database: Database.openInMemory(), clock: new TestClock() });
  proof = new OwnLogin();
});
const password = (): SentPassword => new SentPassword({ ledger, account, proof });
/** How many more wrong ones the account would take. */
const left = (): number => {
  const taken: number[] = [];
  try {
    for (;;) taken.push(ledger.take(account));
  } catch {
    for (const row of taken) ledger.giveBack(row);
    return taken.length;
  }
};

describe("SentPassword", () => {
  it("is written down before it is sent, each time, and given back when it was right", () => {
    const sent = password();
    sent.sending();
    expect(left()).toBe(1);
    sent.sending();
    expect(left()).toBe(0);
    expect(() => sent.sending()).toThrow(refused);
    sent.taken();
    expect(left()).toBe(2);
  });

  it("stays written down when it was refused, or never answered", () => {
    const sent = password();
    sent.sending();
    sent.refused();
    password().sending();
    expect(left()).toBe(0);
  });

  it("is not proved by what was answered without it", () => {
    const sent = password();
    sent.sending();
    sent.refused();
    sent.taken();
    expect([proof.holds, left()]).toEqual([false, 1]);
  });

  it("is no guess any more once it was right", () => {
    const sent = password();
    sent.sending();
    sent.taken();
    for (let n = 0; n < 9; n += 1) password().sending();
    expect(left()).toBe(2);
  });

  it("is in doubt when it was right and is refused, until it is taken again", () => {
    proof.keep();
    const sent = password();
    sent.sending();
    sent.refused();
    expect([sent.inDoubt, left()]).toEqual([true, 1]);
    sent.sending();
    sent.taken();
    expect([sent.inDoubt, left()]).toEqual([false, 2]);
  });

  it("is a guess again when it is lost", () => {
    proof.keep();
    const sent = password();
    sent.sending();
    sent.refused();
    sent.lost();
    expect([proof.holds, left()]).toEqual([false, 1]);
    password().sending();
    expect(() => password().sending()).toThrow(refused);
  });

  it("closes the account at a hint, unless it is known to be right", () => {
    const hint = { status: 403, words: "" };
    password().heard(hint);
    expect(left()).toBe(2);
    proof.keep();
    const right = password();
    right.sending();
    right.heard(hint);
    expect(left()).toBe(2);
    proof.drop();
    const guess = password();
    guess.sending();
    guess.heard(hint);
    expect(left()).toBe(0);
  });
});
