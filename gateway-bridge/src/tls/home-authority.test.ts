import { beforeEach, describe, expect, it } from "@jest/globals";
import { GatewayId, spkiPin } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync, X509Certificate } from "node:crypto";

import { MemorySecrets } from "../access/testing/open-door.ts";
import { makeCertificate } from "../protocols/x509/certificate.ts";
import { authorityMarginMs, authorityValidityMs, renewalMarginMs, serverValidityMs } from "./certificate-policy.ts";
import { HomeAuthority } from "./home-authority.ts";

const dayMs = 24 * 3_600_000;
const gateway = GatewayId.parse("gw-abcdefghijklmnop");
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = (certificate: X509Certificate): string =>
  spkiPin(certificate.publicKey.export({ type: "spki", format: "der" }));

let clock: TestClock;
let secrets: MemorySecrets;
let log: MemoryLogger;
let addresses: string[];
beforeEach(() => {
  clock = new TestClock();
  secrets = new MemorySecrets();
  log = new MemoryLogger();
  addresses = ["127.0.0.1", "::1"];
});
const open = (names: readonly string[] = ["localhost", `${gateway}.local`]): HomeAuthority =>
  HomeAuthority.open({ gateway, keys, names, addresses: () => addresses, secrets, clock, log });

describe("HomeAuthority", () => {
  it("vouches for the gateway's key under its names and addresses", () => {
    const { certificate, server } = open();
    expect(server.x509.subjectAltName).toBe(
      `DNS:localhost, DNS:${gateway}.local, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`,
    );
    expect(server.x509.checkIssued(certificate)).toBe(true);
    expect(server.x509.verify(certificate.publicKey)).toBe(true);
    expect(server.x509.checkPrivateKey(keys.privateKey)).toBe(true);
    expect([certificate.subject, certificate.ca, server.x509.ca]).toEqual([`CN=Gatehouse ${gateway}`, true, false]);
    expect(new X509Certificate(server.cert).fingerprint256).toBe(server.x509.fingerprint256);
  });

  it("has a key of its own, which lies in the vault alone", () => {
    const { certificate, server } = open();
    expect(spki(certificate)).not.toBe(spki(server.x509));
    expect([...secrets.held.keys()].sort()).toEqual([
      "gateway/home-ca-certificate",
      "gateway/home-ca-key",
      "gateway/tls-certificate",
    ]);
  });

  it("lasts ten years, and what it signs no longer than browsers take", () => {
    const { certificate, server } = open();
    const length = ({ validFromDate, validToDate }: X509Certificate): number =>
      (validToDate.getTime() - validFromDate.getTime()) / dayMs;
    expect([length(certificate), length(server.x509)]).toEqual([3_650, 397]);
    expect(server.x509.validFromDate.getTime()).toBe(clock.now() - dayMs);
  });

  it("is the same over restarts", () => {
    const [first, second] = [open(), open()];
    expect(second.certificate.fingerprint256).toBe(first.certificate.fingerprint256);
    expect(second.server.cert).toBe(first.server.cert);
    expect(second.renew()).toBe(false);
  });

  it("renews while it runs what has a third of its time left, with the same key", async () => {
    const home = open();
    const before = home.server;
    await clock.advance(serverValidityMs - renewalMarginMs - dayMs - 1_000);
    expect(home.renew()).toBe(false);
    await clock.advance(1_000);
    expect(home.renew()).toBe(true);
    expect(home.server.cert).not.toBe(before.cert);
    expect(spki(home.server.x509)).toBe(spki(before.x509));
    expect(home.certificate.fingerprint256).toBe(open().certificate.fingerprint256);
    expect(home.renew()).toBe(false);
  });

  it("makes a new one for an address that came, and none for one that went", () => {
    const home = open();
    addresses.push("192.168.1.5");
    expect(home.renew()).toBe(true);
    expect(home.server.x509.checkIP("192.168.1.5")).toBe("192.168.1.5");
    addresses.pop();
    expect(home.renew()).toBe(false);
  });

  it.each([
    ["a key that is not the gateway's", () => generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey],
    ["the gateway's key, signed by itself, as older versions made it", () => keys.publicKey],
  ])("replaces a stored certificate of %s", (_case, publicKey) => {
    const names = ["localhost", `${gateway}.local`, ...addresses];
    const old = makeCertificate({
      ...{ subject: gateway, publicKey: publicKey(), use: { kind: "server", names } },
      ...{ notBefore: clock.now() - dayMs, notAfter: clock.now() + 300 * dayMs, issuer: { name: gateway, ...keys } },
    });
    secrets.put("gateway/tls-certificate", old.raw);
    const { certificate, server } = open();
    expect(server.x509.checkIssued(certificate)).toBe(true);
    expect(server.x509.checkPrivateKey(keys.privateKey)).toBe(true);
  });

  it("replaces a certificate of another authority with the same name", () => {
    const elsewhere = new MemorySecrets();
    const stranger = HomeAuthority.open({
      ...{ gateway, keys, names: ["localhost"], addresses: () => [], secrets: elsewhere, clock, log },
    });
    secrets.put("gateway/tls-certificate", stranger.server.x509.raw);
    const home = open(["localhost"]);
    expect(home.server.x509.verify(home.certificate.publicKey)).toBe(true);
  });

  it("is made anew, with its key, for a name that it may not vouch for, and says so", () => {
    const before = open();
    const after = open(["localhost", `${gateway}.local`, "cams.example.org"]);
    expect(after.certificate.fingerprint256).not.toBe(before.certificate.fingerprint256);
    expect(spki(after.certificate)).toBe(spki(before.certificate));
    expect(after.server.x509.checkHost("cams.example.org")).toBe("cams.example.org");
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(open(["localhost"]).certificate.fingerprint256).toBe(after.certificate.fingerprint256);
  });

  it.each([
    ["before what it signs could outlive it", authorityValidityMs - authorityMarginMs],
    ["when the clock was ahead as it was made", -3 * dayMs],
  ])("is made anew %s", (_case, ms) => {
    const before = open();
    clock = new TestClock(clock.now() + ms);
    const after = open();
    expect(after.certificate.fingerprint256).not.toBe(before.certificate.fingerprint256);
    expect(after.server.x509.checkIssued(after.certificate)).toBe(true);
    expect(after.server.x509.validToDate.getTime()).toBeLessThan(after.certificate.validToDate.getTime());
  });
});
