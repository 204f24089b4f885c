import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MemoryNotices } from "../../gateway-bridge/src/access/testing/memory-notices.ts";
import { MemoryAudit, MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { AcmeCertificate } from "../../gateway-bridge/src/tls/acme-certificate.ts";
import { openAcmeLibrary } from "../../gateway-bridge/src/tls/acme-library.ts";
import { AcmeTown } from "../support/acme-town.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { describeWith } from "../support/needs.ts";

const name = "cams.example.org";
const dayMs = 86_400_000;

describeWith(["pebble"], "a certificate by ACME", () => {
  let folder: string;
  let town: AcmeTown;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-acme-"));
    town = await AcmeTown.open({ folder, name });
  });
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  let clock: ImpatientClock;
  let database: Database;
  let secrets: MemorySecrets;
  let notices: MemoryNotices;
  let audit: MemoryAudit;
  let certificate: AcmeCertificate;
  let changed = Promise.withResolvers<undefined>();
  const open = (over: { readonly authorities?: readonly string[] } = {}): void => {
    certificate = AcmeCertificate.open(
      {
        ...{
          name,
          directory: town.directory,
          email: "ann@example.org",
          dns: town.place,
          authorities: town.authorities,
        },
        ...{ openClient: openAcmeLibrary, secrets, database, audit, notices, clock },
        ...{ log: new MemoryLogger(), random: () => 0.512_34, ...over },
      },
      () => changed.resolve(undefined),
    );
  };
  /** The next certificate, once it is shown. */
  const next = async (): Promise<X509Certificate> => {
    await changed.promise;
    changed = Promise.withResolvers();
    return certificate.current!.x509;
  };
  /** Why the next try fails. */
  const failure = async (): Promise<string> => {
    const before = notices.raised.length;
    while (notices.raised.length === before) await new Promise((resolve) => setImmediate(resolve));
    expect(notices.raised.at(-1)).toMatchObject({ kind: "certificate-failed", subject: name });
    return notices.raised.at(-1)!.text;
  };
  const tryAgain = (): void => certificate.setToken(Secret.of(town.token));
  const keep = (): void => secrets.put("tls/dns-token", Buffer.from(town.token));
  beforeEach(() => {
    clock = new ImpatientClock();
    database = Database.openInMemory();
    secrets = new MemorySecrets();
    notices = new MemoryNotices();
    audit = new MemoryAudit();
    changed = Promise.withResolvers();
    town.onRecord = (publish) => publish();
  });
  afterEach(async () => {
    await certificate[Symbol.asyncDispose]();
    database[Symbol.dispose]();
  });

  it("is had as soon as there is a token, vouched for by the authority, and kept over a restart", async () => {
    open();
    expect(await failure()).toMatch(/there is no token for the DNS provider yet/);
    expect(certificate.current).toBeUndefined();
    tryAgain();
    const x509 = await next();
    expect([x509.subjectAltName, x509.checkHost(name)]).toEqual([`DNS:${name}`, name]);
    const [leaf, issuer] = certificate.current!.cert.split(/(?=-----BEGIN)/).filter((pem) => pem.trim() !== "");
    const [authority, root] = [new X509Certificate(issuer!), new X509Certificate(await town.root())];
    expect(new X509Certificate(leaf!).verify(authority.publicKey)).toBe(true);
    expect(authority.verify(root.publicKey)).toBe(true);
    expect([certificate.problem, notices.withdrawn]).toEqual([
      null,
      expect.arrayContaining([`certificate-failed ${name}`]),
    ]);
    expect(audit.rows).toEqual([expect.objectContaining({ action: "certificateChanged", outcome: "done" })]);
    await certificate[Symbol.asyncDispose]();
    const orders = town.log.match(/Added order/g)?.length;
    open();
    expect(certificate.current?.x509.serialNumber).toBe(x509.serialNumber);
    expect(Math.round((certificate.nextTry - clock.now()) / dayMs)).toBe(60);
    expect(town.log.match(/Added order/g)?.length).toBe(orders);
  });

  it("is renewed with a third of its life left, with another key, and shown until then", async () => {
    keep();
    open();
    const first = await next();
    clock.jump(59 * dayMs);
    expect(certificate.nextTry).toBeGreaterThan(clock.now());
    clock.jump(2 * dayMs);
    const second = await next();
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.publicKey.equals(first.publicKey)).toBe(false);
    expect(notices.raised).toEqual([]);
  });

  it("is not had while DNS shows something else: the reason is told, and what was shown is shown on", async () => {
    keep();
    open();
    const first = await next();
    town.onRecord = async () => undefined;
    clock.jump(80 * dayMs);
    while (!notices.raised.some(({ kind }) => kind === "certificate-ending")) await new Promise((r) => setImmediate(r));
    const [failed, ending] = notices.raised;
    expect(failed).toMatchObject({
      kind: "certificate-failed",
      text: expect.stringMatching(/could not be renewed.*Correct value not found for DNS challenge/),
    });
    expect(ending!.text).toMatch(new RegExp(`ends on ${first.validTo}`));
    expect(certificate.current?.x509.serialNumber).toBe(first.serialNumber);
    const pause = certificate.nextTry - clock.now();
    expect(pause).toBeGreaterThan(9 * 60_000);
    expect(pause).toBeLessThanOrEqual(11 * 60_000);
    town.onRecord = (publish) => publish();
    clock.jump(pause);
    expect((await next()).serialNumber).not.toBe(first.serialNumber);
    expect(notices.withdrawn.slice(-2)).toEqual([`certificate-failed ${name}`, `certificate-ending ${name}`]);
  });

  it("is had though the authority dies in the middle of an order, and forgets it", async () => {
    keep();
    town.onRecord = () => town.kill();
    open();
    expect(await failure()).toMatch(/could not be had/);
    town.onRecord = (publish) => publish();
    await town.start();
    tryAgain();
    const x509 = await next();
    expect(x509.checkHost(name)).toBe(name);
    expect(certificate.problem).toBeNull();
  });

  it("goes on with its order after the gateway died in the middle of it", async () => {
    keep();
    const reached = Promise.withResolvers<undefined>();
    const held = Promise.withResolvers<undefined>();
    town.onRecord = async () => {
      reached.resolve(undefined);
      await held.promise;
    };
    open();
    await reached.promise;
    const orders = town.log.match(/Added order/g)?.length;
    await certificate[Symbol.asyncDispose]();
    held.resolve(undefined);
    town.onRecord = (publish) => publish();
    open();
    expect((await next()).checkHost(name)).toBe(name);
    expect(town.log.match(/Added order/g)?.length).toBe(orders);
    expect(notices.raised).toEqual([]);
  });

  it("asks no authority whose own certificate this box does not trust", async () => {
    keep();
    open({ authorities: [town.dns.authority] });
    expect(await failure()).toMatch(/self-signed certificate/);
    expect(certificate.current).toBeUndefined();
  });
});
