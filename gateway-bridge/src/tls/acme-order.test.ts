import { beforeEach, describe, expect, it } from "@jest/globals";
import { onAbort, type Cancellable } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync } from "node:crypto";

import { obtainCertificate } from "./acme-order.ts";
import type { DnsZone } from "./dns/dns-zone.ts";
import { ScriptedAuthority } from "./testing/scripted-authority.ts";

const name = "cams.example.org";
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });

let authority: ScriptedAuthority;
let clock: TestClock;
let log: MemoryLogger;
/** What happened at the zone. */
let records: string[];
let progress: { order: string | undefined };
let removal: (cancel: Cancellable) => Promise<void>;
beforeEach(() => {
  authority = new ScriptedAuthority();
  authority.issue = () => "certificate";
  clock = new TestClock();
  log = new MemoryLogger();
  records = [];
  progress = { order: undefined };
  removal = async () => void records.push("removed");
});

const zone: DnsZone = {
  settleMs: 80_000,
  put: async (record, value) => {
    records.push(`${record} ${value.slice(0, 1)} at ${authority.asked.length}`);
    return { remove: (cancel) => removal(cancel) };
  },
};
/** Time goes on until it has ended. */
const obtain = async (signal = new AbortController().signal): Promise<string> => {
  const obtaining = obtainCertificate({ name, keys, client: authority, zone, progress, clock, log }, { signal });
  const ended = obtaining.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, Promise.resolve(false)]))) await clock.advance(1_000);
  return obtaining;
};

describe("obtainCertificate", () => {
  it("shows the record, waits until everybody sees it, and takes it away once it was looked at", async () => {
    const started = clock.now();
    expect(await obtain()).toBe("certificate");
    expect(clock.now() - started).toBeGreaterThanOrEqual(80_000);
    expect(records).toEqual([`_acme-challenge.${name} A at 3`, "removed"]);
    expect(authority.asked).toEqual([
      ...["register", `order ${name}`, "challenge", "answer challenge-1", "look order-1"],
      ...["finalize order-1", "download order-1"],
    ]);
  });

  it("shows nothing where the authority knows the name already", async () => {
    authority.challenged = undefined;
    expect(await obtain()).toBe("certificate");
    expect(records).toEqual([]);
  });

  it("waits while the authority makes the certificate", async () => {
    authority.states = ["ready", "processing", "processing", "processing", "valid"];
    expect(await obtain()).toBe("certificate");
    expect(authority.asked.filter((asked) => asked === "look order-1")).toHaveLength(3);
  });

  it.each([
    ["ready", ["finalize kept", "download kept"]],
    ["valid", ["download kept"]],
  ] as const)("goes on with an order of before that is %s", async (state, asked) => {
    progress.order = "kept";
    authority.states = [state, state, "valid"];
    expect(await obtain()).toBe("certificate");
    expect(authority.asked).toEqual(["register", "look kept", ...asked]);
  });

  it.each([[undefined], ["invalid" as const]])("makes another in the place of one that is %s", async (state) => {
    progress.order = "kept";
    authority.states = [state, state, "pending", "ready", "valid"];
    authority.order = async (asked) => {
      authority.states = ["ready", "valid"];
      authority.asked.push(`order ${asked}`);
      return { url: "order-2", status: "ready", problem: undefined };
    };
    expect(await obtain()).toBe("certificate");
    expect([progress.order, authority.asked.slice(0, 3)]).toEqual([
      "order-2",
      ["register", "look kept", `order ${name}`],
    ]);
  });

  it("keeps the order while it is under way, so that nothing that dies forgets it", async () => {
    authority.answer = () => Promise.reject(new Error("the line is cut"));
    await expect(obtain()).rejects.toThrow("the line is cut");
    expect([progress.order, records.at(-1)]).toEqual(["order-1", "removed"]);
  });

  it("says what the authority has against the name, and drops the order", async () => {
    authority.states = ["pending", "invalid"];
    await expect(obtain()).rejects.toMatchObject({
      code: "certificate-failed",
      message: "the name is invalid: no record",
    });
    expect([progress.order, records.at(-1)]).toEqual([undefined, "removed"]);
  });

  it("drops an order that the authority forgets in the middle of it", async () => {
    authority.states = ["pending", undefined];
    await expect(obtain()).rejects.toMatchObject({ code: "certificate-failed" });
    expect(progress.order).toBeUndefined();
  });

  it("leaves an authority that leads in circles", async () => {
    authority.states = ["ready"];
    await expect(obtain()).rejects.toThrow(/comes to no end/);
    expect(authority.asked.filter((asked) => asked.startsWith("finalize"))).toHaveLength(8);
    expect(progress.order).toBeUndefined();
  });

  it("gives up an order that stays as it is, and keeps it for the next try", async () => {
    authority.states = ["pending"];
    await expect(obtain()).rejects.toThrow(/an order stays pending/);
    expect(progress.order).toBe("order-1");
  });

  it("is not held up by a record that cannot be taken away, nor by one that takes for ever", async () => {
    removal = () => Promise.reject(new Error("no"));
    expect(await obtain()).toBe("certificate");
    removal = ({ signal }) => new Promise((_, reject) => void onAbort(signal, reject));
    authority.states = ["pending", "ready", "valid"];
    progress.order = undefined;
    expect(await obtain()).toBe("certificate");
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
  });

  it("ends at once when it is told to", async () => {
    const stop = new AbortController();
    const started = clock.now();
    authority.register = async () => stop.abort(new Error("shutdown"));
    await expect(obtain(stop.signal)).rejects.toThrow("shutdown");
    expect(clock.now() - started).toBeLessThan(80_000);
  });
});
