import { afterAll, expect, it } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import type { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeCertificateRequest } from "../../gateway-bridge/src/protocols/x509/certificate-request.ts";
import { authority, clientKeys, edwardsKeys, make } from "../../gateway-bridge/src/protocols/x509/testing/authority.ts";
import { describeWith } from "../support/needs.ts";

const openssl = "/usr/bin/openssl";

const ofEdwards = { publicKey: edwardsKeys.publicKey };

describeWith(["openssl"], "makeCertificate, judged by OpenSSL", () => {
  const folder = mkdtempSync(join(tmpdir(), "x509-"));
  const write = (name: string, certificate: X509Certificate): string => {
    writeFileSync(join(folder, name), certificate.toString());
    return join(folder, name);
  };
  const verify = (purpose: string, ca: string, file: string): string => {
    const args = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, file];
    return execFileSync(openssl, args, { encoding: "utf8", stdio: "pipe" });
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  it("passes the strict checks as what it is made for, and as nothing else", () => {
    const ca = write("ca.pem", make({}));
    const client = write(
      "client.pem",
      make({ subject: "who-x", publicKey: clientKeys.publicKey, use: { kind: "client" } }),
    );
    const other = write(
      "other.pem",
      make({ publicKey: clientKeys.publicKey, issuer: { ...authority, ...clientKeys } }),
    );
    expect(verify("sslclient", ca, client)).toMatch(/: OK/);
    expect(() => verify("sslserver", ca, client)).toThrow(/purpose/);
    expect(() => verify("sslclient", other, client)).toThrow(/issuer|signature/);
    const own = write(
      "server.pem",
      make({
        subject: "gw-x",
        use: { kind: "server", names: ["localhost", "::1"] },
        issuer: { ...authority, name: "gw-x" },
      }),
    );
    expect(verify("sslserver", own, own)).toMatch(/: OK/);
    expect(execFileSync(openssl, ["asn1parse", "-in", own], { encoding: "utf8" })).not.toMatch(/error/i);
  });

  it("passes them with keys on Ed25519 too, by themselves and below an authority on P-256", () => {
    const issuer = { name: "gr-x", ...edwardsKeys };
    const server = make({ subject: "gr-x", ...ofEdwards, use: { kind: "server", names: ["localhost"] }, issuer });
    const own = write("edwards-server.pem", server);
    expect(verify("sslserver", own, own)).toMatch(/: OK/);
    const ca = write("edwards-ca.pem", make({}));
    const device = write("device.pem", make({ subject: "dev-x", ...ofEdwards, use: { kind: "client" } }));
    expect(verify("sslclient", ca, device)).toMatch(/: OK/);
    expect(() => verify("sslserver", ca, device)).toThrow(/purpose/);
    expect(() => verify("sslclient", own, device)).toThrow(/issuer|signature/);
  });

  it("takes our request for a certificate, with the names in it and no subject", () => {
    const names = ["cams.example.org", "www.cams.example.org"];
    const asked = (input: string, ...args: string[]) =>
      spawnSync(openssl, ["req", "-noout", ...args], { encoding: "utf8", input });
    const input = makeCertificateRequest({ names, keys: clientKeys });
    const verdict = asked(input, "-verify", "-text");
    expect(verdict.stderr).toMatch(/verify OK/);
    expect(verdict.stdout).toMatch(/DNS:cams\.example\.org, DNS:www\.cams\.example\.org\n/);
    expect(asked(input, "-subject").stdout).toMatch(/^subject=\s*$/);
    expect(asked(input, "-pubkey").stdout).toBe(clientKeys.publicKey.export({ type: "spki", format: "pem" }));
    const forged = makeCertificateRequest({ names, keys: { ...clientKeys, privateKey: authority.privateKey } });
    expect(asked(forged, "-verify").stderr).toMatch(/verify failure/);
  });
});
