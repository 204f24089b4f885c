import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { isGatehouseError } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeCertificate } from "../protocols/x509/certificate.ts";
import { readOwnCertificate } from "./own-certificate.ts";

const dayMs = 24 * 3_600_000;
const clock = new TestClock();
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const made = (names: readonly string[], notBefore = clock.now() - dayMs, notAfter = clock.now() + dayMs): string =>
  makeCertificate({
    ...{ subject: "own", publicKey: keys.publicKey, use: { kind: "server", names }, notBefore, notAfter },
    issuer: { name: "own", ...keys },
  }).toString();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-own-"));
});
afterAll(() => rm(folder, { recursive: true }));
const read = async (certificate: string, key: string = pem) => {
  const files = { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem"), name: "cams.example.org" };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key, { mode: 0o600 });
  return readOwnCertificate(files, clock);
};

describe("readOwnCertificate", () => {
  it.each([[["cams.example.org"]], [["*.example.org"]], [["other.example", "CAMS.example.org"]]])(
    "takes a chain for %j with its key",
    async (names) => {
      const chain = `${made(names)}${made(["the authority"])}`;
      const own = await read(chain);
      expect([own.cert, own.key]).toEqual([chain, pem]);
      expect(own.x509.checkPrivateKey(keys.privateKey)).toBe(true);
    },
  );

  it.each([
    ["another name", () => made(["evil.example"]), pem, /is not for cams\.example\.org but for DNS:evil\.example/],
    ["what is over", () => made(["cams.example.org"], 0, clock.now()), pem, /was good until/],
    ["what has not begun", () => made(["cams.example.org"], clock.now() + 1_000), pem, /is good from/],
    ["text", () => "hunter2", pem, /holds no certificate in PEM/],
    ["nothing", () => "", pem, /holds no certificate in PEM/],
    [
      "another key",
      () => made(["cams.example.org"]),
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      /is no key of/,
    ],
    ["no key", () => made(["cams.example.org"]), "hunter2", /is no key of/],
  ])("refuses a file with %s, in words that quote nothing of it", async (_case, certificate, key, words) => {
    const error: unknown = await read(certificate(), key).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "certificate-invalid", message: expect.stringMatching(words) });
    expect(isGatehouseError(error) && error.message).not.toContain("hunter2");
  });

  it("refuses a key that others can read, and files that are not there", async () => {
    await read(made(["cams.example.org"]));
    const files = { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem"), name: "cams.example.org" };
    await chmod(files.key, 0o640);
    await expect(readOwnCertificate(files, clock)).rejects.toMatchObject({ code: "file-permissions" });
    for (const over of [{ key: join(folder, "gone") }, { certificate: join(folder, "gone") }]) {
      await expect(readOwnCertificate({ ...files, ...over }, clock)).rejects.toMatchObject({
        code: "certificate-invalid",
        message: expect.stringContaining("gone cannot be read (ENOENT)"),
      });
    }
  });
});
