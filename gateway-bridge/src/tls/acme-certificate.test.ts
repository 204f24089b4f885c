import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";

import { MemoryNotices } from "../access/testing/memory-notices.ts";
import { MemoryAudit, MemorySecrets } from "../access/testing/open-door.ts";
import { makeCertificate } from "../protocols/x509/certificate.ts";
import { Database } from "../store/database.ts";
import { keptKey } from "../store/kept-key.ts";
import { AcmeCertificate } from "./acme-certificate.ts";
import { ScriptedAuthority } from "./testing/scripted-authority.ts";

const name = "cams.example.org";
const dayMs = 86_400_000;

/** One whose time of day can be set, while time goes on. */
class SetClock extends TestClock {
  ahead = 0;
  override now(): number {
    return super.now() + this.ahead;
  }
}

let clock: SetClock;
let database: Database;
let secrets: MemorySecrets;
let notices: MemoryNotices;
let audit: MemoryAudit;
let authority: ScriptedAuthority;
let opened: AcmeCertificate[];
let changes: number;
beforeEach(() => {
  clock = new SetClock(Date.UTC(2027, 0, 1));
  database = Database.openInMemory();
  secrets = new MemorySecrets();
  notices = new MemoryNotices();
  audit = new MemoryAudit();
  opened = [];
  changes = 0;
  authority = new ScriptedAuthority();
  // The record is known: what happens at the zone is tried elsewhere.
  authority.challenged = undefined;
  authority.issue = () => certificate();
});
afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
});

/** What an authority issues for the key that was asked for. */
const certificate = (over: { host?: string; key?: KeyObject; lifeMs?: number; from?: number } = {}): string => {
  const { host = name, lifeMs = 90 * dayMs, from = clock.now() } = over;
  const issuer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return makeCertificate({
    ...{ subject: host, publicKey: over.key ?? keptKey(secrets, "tls/acme-next-key").publicKey },
    use: { kind: "server", names: [host] },
    ...{ notBefore: from, notAfter: from + lifeMs, issuer: { name: "authority", ...issuer } },
  }).toString();
};
const open = (host = name): AcmeCertificate => {
  const made = AcmeCertificate.open(
    {
      ...{ name: host, directory: "https://acme.example/dir", openClient: async () => authority },
      dns: { kind: "desec", domain: "example.org", api: "https://127.0.0.1:1/api" },
      ...{ secrets, database, audit, notices, clock, log: new MemoryLogger(), random: () => 0.5 },
    },
    () => (changes += 1),
  );
  opened.push(made);
  return made;
};
const keepToken = (): void => secrets.put("tls/dns-token", Buffer.from("token"));
/** Lets it look once, or for longer. */
const look = (ms = 60_000): Promise<void> => clock.advance(ms);
const serialOf = ({ current }: AcmeCertificate): string | undefined => current?.x509.serialNumber;

describe("AcmeCertificate", () => {
  it("asks no authority before there is a token, and at once when there is", async () => {
    const acme = open();
    await look();
    expect([authority.asked, acme.problem]).toEqual([[], "there is no token for the DNS provider yet"]);
    acme.setToken(Secret.of("token"));
    await look(0);
    expect(acme.current?.x509.checkHost(name)).toBe(name);
    expect([changes, acme.problem, audit.rows.length]).toEqual([1, null, 1]);
  });

  it("tries again after ten minutes, twenty, and so on, over restarts too, and counts no restart as a try", async () => {
    keepToken();
    authority.states = ["ready", "invalid"];
    const tries = (): number => authority.asked.filter((asked) => asked === "register").length;
    open();
    await look(0);
    expect(tries()).toBe(1);
    await look(9 * 60_000);
    await opened[0]![Symbol.asyncDispose]();
    const acme = open();
    await look(0);
    expect([tries(), acme.problem]).toEqual([1, "the name is invalid: no record"]);
    await look(2 * 60_000);
    expect(tries()).toBe(2);
    await look(18 * 60_000);
    expect(tries()).toBe(2);
    await look(2 * 60_000);
    expect([tries(), notices.raised.length]).toEqual([3, 3]);
  });

  it.each([
    ["for another name", () => certificate({ host: "evil.example" }), /is not for cams\.example\.org/],
    ["for another key", () => certificate({ key: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey }), /no key of/],
    ["that has ended", () => certificate({ from: clock.now() - 91 * dayMs }), /was good until/],
    ["that is none", () => "<html>", /holds no certificate/],
  ])("shows no certificate %s, and does not ask that order again", async (_case, issue, why) => {
    keepToken();
    authority.issue = issue;
    const acme = open();
    await look(0);
    expect([acme.current, changes, acme.problem]).toEqual([undefined, 0, expect.stringMatching(why)]);
    authority.issue = () => certificate();
    authority.states = ["ready", "valid"];
    await look(11 * 60_000);
    expect(acme.current?.x509.checkHost(name)).toBe(name);
    expect(authority.asked.filter((asked) => asked.startsWith("order "))).toHaveLength(2);
  }); // prettier-ignore

  it("shows none that cannot be written down, and takes the same one when it can", async () => {
    keepToken();
    audit.broken = true;
    const acme = open();
    await look(0);
    expect([acme.current, changes]).toEqual([undefined, 0]);
    audit.broken = false;
    await look(11 * 60_000);
    expect(acme.current?.x509.checkHost(name)).toBe(name);
    expect(authority.asked.filter((asked) => asked.startsWith("order "))).toHaveLength(1);
  });

  it("tries at once with a token that came while the one before was tried", async () => {
    keepToken();
    const registering = Promise.withResolvers<undefined>();
    authority.register = () => registering.promise;
    const acme = open();
    await look(0);
    acme.setToken(Secret.of("the right one"));
    authority.register = async () => undefined;
    registering.reject(new Error("the wrong token"));
    await look(0);
    await look(0);
    expect(acme.current?.x509.checkHost(name)).toBe(name);
  });

  it("is that of its name alone: under another one there is none yet", async () => {
    keepToken();
    open();
    await look(0);
    authority.states = ["invalid"];
    expect(open("other.example.org").current).toBeUndefined();
  });

  // What the clock of a box without a battery does, and one that somebody set.
  it.each([
    ["set back to 1970", -57 * 365 * dayMs, "the same"],
    ["set back to before it began", -30 * dayMs, "the same"],
    ["a month ahead", 30 * dayMs, "the same"],
    ["two months and a day ahead", 61 * dayMs, "another"],
    ["a year ahead, when it has ended", 365 * dayMs, "another"],
  ])("is shown on, and renewed when it is time, by a clock that was %s", async (_case, ahead, which) => {
    keepToken();
    const acme = open();
    await look(0);
    const first = serialOf(acme);
    clock.ahead = ahead;
    authority.states = ["ready", "valid"];
    await look();
    expect(serialOf(acme) === first ? "the same" : "another").toBe(which);
    expect(notices.raised).toEqual([]);
  });

  it("does not wait for years after a failure by a clock that was ahead", async () => {
    keepToken();
    clock.ahead = 10 * 365 * dayMs;
    authority.states = ["ready", "invalid"];
    const acme = open();
    await look(0);
    expect(acme.problem).not.toBeNull();
    clock.ahead = 0;
    authority.states = ["ready", "valid"];
    await look();
    expect(acme.current?.x509.checkHost(name)).toBe(name);
  });

  it("is shown on when it has ended, because another one unseen would be worse, and its end is told", async () => {
    keepToken();
    const acme = open();
    await look(0);
    const first = serialOf(acme);
    authority.states = ["ready", "invalid"];
    clock.ahead = 91 * dayMs;
    await look();
    expect(serialOf(acme)).toBe(first);
    expect(notices.raised.map(({ kind }) => kind)).toEqual(["certificate-failed", "certificate-ending"]);
    await acme[Symbol.asyncDispose]();
    expect(serialOf(open())).toBe(first);
    expect(new X509Certificate(acme.current!.cert).serialNumber).toBe(first);
  });
});
