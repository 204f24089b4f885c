import { fakeCameraId, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { Database } from "../../store/database.ts";
import { GuessLedger } from "./guess-ledger.ts";
import { connectionPauseMs } from "./camera-lane.ts";
import { ProbeBudget } from "./probe-budget.ts";

const never = { signal: new AbortController().signal };
const camera = fakeCameraId("a");
const host = "192.168.1.20";
const place = { camera, host, literal: true };

const open = (loopbackPauseMs?: number) => {
  const clock = new TestClock();
  const ledger = GuessLedger.open({ database: Database.openInMemory(), clock });
  const consents = { allowed: true, granted: () => consents.allowed };
  const pause = loopbackPauseMs === undefined ? {} : { loopbackPauseMs };
  const budget = new ProbeBudget({ clock, ledger, consents, interfaces: () => ({}), ...pause });
  return { clock, consents, budget };
};
const code = (code: string): Error => expect.objectContaining({ code }) as unknown as Error;

describe("ProbeBudget", () => {
  it("lets nothing go to a camera without its owner's consent, from the next connection on", async () => {
    const { budget, consents, clock } = open();
    const gate = budget.gate(place);
    (await gate.enter({ host, port: 80 }, never))[Symbol.dispose]();
    consents.allowed = false;
    const refused = expect(gate.enter({ host, port: 80 }, never)).rejects.toThrow(code("inspection-not-allowed"));
    await clock.advance(connectionPauseMs);
    await refused;
    expect(() => budget.gate(place)).toThrow(code("inspection-not-allowed"));
  });

  it.each(["8.8.8.8", "2001:db8::1", "224.0.0.251"])("lets nothing go to %s", (address) => {
    expect(() => open().budget.gate({ ...place, host: address })).toThrow(code("inspection-not-allowed"));
  });

  it("connects to the address that was judged alone, whatever a probe names", async () => {
    const { budget, clock } = open();
    const gate = budget.gate(place);
    for (const elsewhere of ["192.168.1.21", "8.8.8.8", "camera.local"]) {
      const entering = gate.enter({ host: elsewhere, port: 80 }, never);
      const refused = expect(entering).rejects.toThrow(code("camera-foreign-host"));
      await clock.advance(connectionPauseMs);
      await refused;
    }
  });

  it("gives the place back where a connection is refused", async () => {
    const { budget, clock } = open();
    const gate = budget.gate(place);
    for (let n = 0; n < 9; n += 1) {
      const refused = expect(gate.enter({ host: "8.8.8.8", port: 80 }, never)).rejects.toThrow();
      await clock.advance(connectionPauseMs);
      await refused;
    }
    const entering = gate.enter({ host, port: 80 }, never);
    await clock.advance(connectionPauseMs);
    await entering;
  });

  it("counts two cameras of one host as one", async () => {
    const { budget, clock } = open();
    const begun: number[] = [];
    const start = clock.now();
    const all = [camera, fakeCameraId("b")].map(async (id) => {
      using _pass = await budget.gate({ ...place, camera: id }).enter({ host, port: 80 }, never);
      begun.push(clock.now() - start);
    });
    await clock.advance(connectionPauseMs);
    await Promise.all(all);
    expect(begun).toEqual([0, connectionPauseMs]);
  });

  it("is in a hurry on this box alone, for benchmarks", async () => {
    const { budget, clock } = open(0);
    const local = budget.gate({ camera, host: "127.0.0.9", literal: true });
    for (let n = 0; n < 3; n += 1) (await local.enter({ host: "127.0.0.9", port: 80 }, never))[Symbol.dispose]();
    const gate = budget.gate(place);
    (await gate.enter({ host, port: 80 }, never))[Symbol.dispose]();
    let second: Disposable | undefined;
    void gate.enter({ host, port: 80 }, never).then((pass) => (second = pass));
    await clock.advance(connectionPauseMs - 1);
    expect(second).toBeUndefined();
    await clock.advance(1);
    expect(second).toBeDefined();
  });
});
