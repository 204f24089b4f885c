import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayIdentity } from "../access/gateway-identity.ts";
import { MemoryNotices } from "../access/testing/memory-notices.ts";
import { MemorySecrets, never } from "../access/testing/open-door.ts";
import { makeCertificate } from "../protocols/x509/certificate.ts";
import { GatewayCertificates, lookMs } from "./gateway-certificates.ts";
import { openHome } from "./testing/home.ts";

const name = "cams.example.org";
let folder: string;
let stack: AsyncDisposableStack;
let clock: TestClock;
let log: MemoryLogger;
let notices: MemoryNotices;
let addresses: string[];
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), "gatehouse-certificates-"));
  stack.defer(() => rm(folder, { recursive: true }));
  clock = new TestClock();
  log = new MemoryLogger();
  notices = new MemoryNotices();
  addresses = ["127.0.0.1"];
});
afterEach(() => stack.disposeAsync());

const files = () => ({ certificate: join(folder, "cert.pem"), key: join(folder, "key.pem"), name });
/** What a program that renews certificates does: both files at once, as far as anybody can. */
const place = async (host = name, lifeMs = 1e9): Promise<string> => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = makeCertificate({
    ...{ subject: host, publicKey: keys.publicKey, use: { kind: "server", names: [host] } },
    ...{ notBefore: clock.now() - 1_000, notAfter: clock.now() + lifeMs, issuer: { name: host, ...keys } },
  }).toString();
  await writeFile(files().certificate, certificate);
  await writeFile(files().key, keys.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return certificate;
};
const open = async (own?: ReturnType<typeof files>): Promise<GatewayCertificates> => {
  const secrets = new MemorySecrets();
  const identity = await GatewayIdentity.open({ secrets }, never);
  const home = openHome({ identity, secrets, clock, addresses: () => addresses });
  return stack.use(await GatewayCertificates.open({ home, own, notices, clock, log }, never));
};
/** Until it has looked, and is done with it: reading files takes as long as it takes. */
const look = async (certificates: GatewayCertificates, isSeen: () => boolean): Promise<void> => {
  const isLooking = (): boolean => clock.pending === 0;
  do {
    // Time goes on only between two looks.
    if (!isLooking()) await clock.advance(lookMs);
    await new Promise((resolve) => setImmediate(resolve));
  } while (!isSeen() || isLooking());
  expect(certificates.pinned.cert).not.toBe("");
};

describe("GatewayCertificates", () => {
  it("shows the home's certificate to everybody where the owner has none", async () => {
    const certificates = await open();
    expect(certificates.named).toBeUndefined();
    expect(certificates.trust).toMatchObject({
      fingerprint: certificates.authority.fingerprint256,
      certificates: [{ kind: "home", names: expect.arrayContaining(["localhost", "127.0.0.1"]) }],
      notice: null,
    });
  });

  it("tells when an address came, within a minute", async () => {
    const certificates = await open();
    let told = 0;
    using _listening = certificates.onChanged(() => (told += 1));
    await clock.advance(10 * lookMs);
    expect(told).toBe(0);
    addresses.push("192.168.1.5");
    await clock.advance(lookMs);
    expect(told).toBe(1);
    expect(certificates.trust.certificates[0]?.names).toContain("192.168.1.5");
  });

  it("shows the owner's to whoever asks for its name, and the new one once it is there", async () => {
    const first = await place();
    const certificates = await open(files());
    expect(certificates.named).toMatchObject({ name, cert: first });
    expect(certificates.pinned.cert).not.toBe(first);
    const second = await place();
    await look(certificates, () => certificates.named?.cert === second);
    expect(certificates.trust).toMatchObject({ certificates: [{ kind: "home" }, { kind: "own", names: [name] }] });
  });

  it("keeps what it shows while the new file is bad, and says so once", async () => {
    const first = await place();
    const certificates = await open(files());
    await place("evil.example");
    await look(certificates, () => certificates.trust.notice !== null);
    expect(certificates.named?.cert).toBe(first);
    expect(certificates.trust.notice).toMatch(/is not for cams\.example\.org/);
    await clock.advance(5 * lookMs);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(notices.raised).toEqual([expect.objectContaining({ kind: "certificate-failed", subject: name })]);
    expect(certificates.warnings).toEqual([expect.objectContaining({ code: "certificate-failed" })]);
    const good = await place();
    await look(certificates, () => certificates.named?.cert === good);
    expect(certificates.trust.notice).toBeNull();
    expect([notices.withdrawn, certificates.warnings]).toEqual([[`certificate-failed ${name}`], []]);
  });

  it("says once that the owner's ends, because whoever renews it should have done so", async () => {
    const first = await place(name, 60 * lookMs);
    const certificates = await open(files());
    expect(certificates.trust.named).toEqual({ kind: "own", name, shown: true, nextTry: null });
    const made = clock.now();
    await look(certificates, () => notices.raised.length > 0);
    expect((clock.now() - made) / lookMs).toBeGreaterThanOrEqual(49);
    await look(certificates, () => clock.now() - made >= 55 * lookMs);
    expect(notices.raised).toEqual([expect.objectContaining({ kind: "certificate-ending", subject: name })]);
    expect(certificates.warnings).toEqual([expect.objectContaining({ code: "certificate-ending" })]);
    const second = await place();
    expect(second).not.toBe(first);
    await look(certificates, () => certificates.named?.cert === second);
    expect([notices.withdrawn, certificates.warnings]).toEqual([[`certificate-ending ${name}`], []]);
  });

  it("does not start with a bad one", async () => {
    await place("evil.example");
    await expect(open(files())).rejects.toMatchObject({ code: "certificate-invalid" });
  });

  it("goes on after a look that failed", async () => {
    const secrets = new MemorySecrets();
    const identity = await GatewayIdentity.open({ secrets }, never);
    let isBroken = false;
    const home = openHome({
      ...{ identity, secrets, clock },
      addresses: () => {
        if (isBroken) throw new Error("no interfaces");
        return addresses;
      },
    });
    const certificates = stack.use(
      await GatewayCertificates.open({ home, own: undefined, notices, clock, log }, never),
    );
    isBroken = true;
    await clock.advance(lookMs);
    isBroken = false;
    addresses.push("10.0.0.9");
    await clock.advance(lookMs);
    expect(certificates.trust.certificates[0]?.names).toContain("10.0.0.9");
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});
