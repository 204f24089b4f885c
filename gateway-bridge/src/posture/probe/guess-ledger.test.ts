import type { CameraId, Clock } from "@gatehouse/shared";
import { fakeCameraId, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { Database } from "../../store/database.ts";
import { clockTime } from "../clock-time.ts";
import { guessWindowMs } from "./guess-budget-policy.ts";
import { GuessLedger, type GuessedAccount } from "./guess-ledger.ts";

const front = fakeCameraId("a");
const account = (username: string, camera: CameraId = front, host = "192.168.1.20"): GuessedAccount => ({
  camera,
  host,
  username,
});
const refused = expect.objectContaining({ code: "probe-refused" }) as unknown as Error;

/** A clock whose two hands are moved apart. */
class SetClock extends TestClock {
  ahead = 0;
  override now(): number {
    return super.now() + this.ahead;
  }
}

const open = (clock: Clock = new TestClock(), database = Database.openInMemory()) => ({
  database,
  ledger: GuessLedger.open({ database, clock }),
});

describe("GuessLedger", () => {
  it("lets two wrong passwords be sent to an account, and no third until the first is 35 minutes old", async () => {
    const clock = new TestClock();
    const { ledger } = open(clock);
    ledger.take(account("admin"));
    await clock.advance(60_000);
    ledger.take(account("admin"));
    expect(() => ledger.take(account("admin"))).toThrow(refused);
    await clock.advance(guessWindowMs - 60_001);
    expect(() => ledger.take(account("admin"))).toThrow(refused);
    await clock.advance(1);
    ledger.take(account("admin"));
    expect(() => ledger.take(account("admin"))).toThrow(refused);
  });

  it("says until when nothing more is sent, and judges that without spending anything", async () => {
    const clock = new TestClock();
    const { ledger } = open(clock);
    for (let n = 0; n < 5; n += 1) expect(ledger.judge(account("admin"), 2)).toEqual({ kind: "allowed" });
    ledger.take(account("admin"));
    expect(ledger.judge(account("admin"), 1)).toEqual({ kind: "allowed" });
    expect(ledger.judge(account("admin"), 2)).toMatchObject({ kind: "refused", retryInMs: guessWindowMs });
    await clock.advance(60_000);
    ledger.take(account("admin"));
    const until = clockTime(clock.now() + guessWindowMs - 60_000);
    expect(() => ledger.take(account("admin"))).toThrow(`at the account admin before ${until}: 2 passwords were tried`);
  });

  it("counts each account and each camera by itself", () => {
    const { ledger } = open();
    for (let n = 0; n < 2; n += 1) ledger.take(account("admin"));
    ledger.take(account("root"));
    ledger.take(account("admin", fakeCameraId("b"), "192.168.1.21"));
  });

  it("counts a name however it is written", () => {
    const { ledger } = open();
    ledger.take(account("Admin"));
    ledger.take(account(" ADMIN "));
    expect(() => ledger.take(account("admin"))).toThrow(refused);
  });

  it("counts cameras of one host together, and a camera that moved with itself", () => {
    const { ledger } = open();
    ledger.take(account("admin", front, "192.168.1.20"));
    ledger.take(account("admin", fakeCameraId("b"), "192.168.1.20"));
    expect(() => ledger.take(account("admin", fakeCameraId("c"), "192.168.1.20"))).toThrow(refused);
    ledger.take(account("admin", front, "192.168.1.99"));
    expect(() => ledger.take(account("admin", front, "192.168.1.98"))).toThrow(refused);
  });

  it("gives back what was right", () => {
    const { ledger } = open();
    for (let n = 0; n < 5; n += 1) ledger.giveBack(ledger.take(account("admin")));
    ledger.take(account("admin"));
  });

  it("counts what other parts of the gateway had refused", () => {
    const { ledger } = open();
    ledger.noteRefusal(account("admin"));
    ledger.noteRefusal(account("admin"));
    expect(() => ledger.take(account("admin"))).toThrow(refused);
  });

  it("sends nothing more to an account that the camera hints it locks, and says for how long", () => {
    const { ledger } = open();
    ledger.close(account("admin"));
    expect(() => ledger.take(account("admin"))).toThrow(
      expect.objectContaining({ details: { account: "admin", retryInMs: guessWindowMs } }),
    );
  });

  it("is on disk when it returns: another process, or the next start, counts the same", () => {
    const clock = new TestClock();
    const { database, ledger } = open(clock);
    ledger.take(account("admin"));
    ledger.take(account("admin"));
    expect(() => GuessLedger.open({ database, clock }).take(account("admin"))).toThrow(refused);
  });

  it("frees nothing because the clock was set ahead", () => {
    const clock = new SetClock();
    const { ledger } = open(clock);
    ledger.take(account("admin"));
    ledger.take(account("admin"));
    clock.ahead = guessWindowMs * 2;
    expect(() => ledger.take(account("admin"))).toThrow(refused);
  });

  it("closes an account no longer than a window because the clock was ahead once", async () => {
    const clock = new SetClock();
    const database = Database.openInMemory();
    clock.ahead = 365 * 86_400_000;
    const { ledger } = open(clock, database);
    ledger.take(account("admin"));
    ledger.take(account("admin"));
    clock.ahead = 0;
    const next = GuessLedger.open({ database, clock });
    expect(() => next.take(account("admin"))).toThrow(refused);
    await clock.advance(guessWindowMs);
    next.take(account("admin"));
  });

  it("keeps no rows for good", async () => {
    const clock = new TestClock();
    const { database, ledger } = open(clock);
    for (let n = 0; n < 20; n += 1) {
      ledger.take(account("admin"));
      await clock.advance(guessWindowMs);
    }
    expect(database.sql.prepare("SELECT count(*) AS n FROM posture_guesses").get()).toEqual({ n: expect.any(Number) });
    const { n } = database.sql.prepare("SELECT count(*) AS n FROM posture_guesses").get() as { n: number };
    expect(n).toBeLessThan(10);
  });
});
