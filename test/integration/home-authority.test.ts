import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayIdentity } from "../../gateway-bridge/src/access/gateway-identity.ts";
import { MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import { makeCertificate, noEnd } from "../../gateway-bridge/src/protocols/x509/certificate.ts";
import { openHome } from "../../gateway-bridge/src/tls/testing/home.ts";
import { describeWith } from "../support/needs.ts";

const openssl = "/usr/bin/openssl";

/** What a thief of the authority's key, who holds the vault, could make of it. */
describeWith(["openssl"], "the home's authority, judged by OpenSSL", () => {
  const folder = mkdtempSync(join(tmpdir(), "home-authority-"));
  const secrets = new MemorySecrets();
  let authority: X509Certificate;
  let id: string;
  let leaf: string;

  beforeAll(async () => {
    const identity = await GatewayIdentity.open({ secrets }, { signal: new AbortController().signal });
    const home = openHome({ identity, secrets, addresses: () => ["127.0.0.1", "::1", "192.168.1.5", "fd00::5"] });
    [authority, id, leaf] = [home.certificate, identity.id, home.server.cert];
    writeFileSync(join(folder, "ca.pem"), authority.toString());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const verify = (pem: string, purpose = "sslserver", more: readonly string[] = []): string => {
    writeFileSync(join(folder, "leaf.pem"), pem);
    const args = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", join(folder, "ca.pem"), ...more];
    return execFileSync(openssl, [...args, join(folder, "leaf.pem")], { encoding: "utf8", stdio: "pipe" });
  };
  const forge = (names: readonly string[], kind: "server" | "client" = "server"): string => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const privateKey = createPrivateKey({ key: secrets.get("gateway/home-ca-key")!, type: "pkcs8", format: "der" });
    return makeCertificate({
      ...{ subject: "forged", publicKey, notBefore: 0, notAfter: noEnd },
      use: kind === "server" ? { kind, names } : { kind },
      issuer: { name: `Gatehouse ${id}`, publicKey: authority.publicKey, privateKey },
    }).toString();
  };

  it("vouches for the gateway by each of its names", () => {
    expect(verify(leaf)).toMatch(/: OK/);
    for (const name of ["localhost", `${id}.local`, `${id}.gatehouse.internal`]) {
      expect(verify(leaf, "sslserver", ["-verify_hostname", name])).toMatch(/: OK/);
    }
    for (const address of ["127.0.0.1", "::1", "192.168.1.5", "fd00::5"]) {
      expect(verify(leaf, "sslserver", ["-verify_ip", address])).toMatch(/: OK/);
    }
    expect(() => verify(leaf, "sslserver", ["-verify_hostname", "example.org"])).toThrow(/hostname mismatch/i);
  });

  it("lets nobody vouch with its key for anything else in the world", () => {
    expect(verify(forge(["10.20.30.40", `below.${id}.local`]))).toMatch(/: OK/);
    for (const name of ["example.org", `${id}.local.example.org`, "local", "8.8.8.8", "172.32.0.1", "2001:db8::1"]) {
      expect(() => verify(forge([name]))).toThrow(/permitted subtree violation/);
      expect(() => verify(forge(["localhost", name]))).toThrow(/permitted subtree violation/);
    }
  });

  it("vouches for no client, and for no authority below it", () => {
    expect(() => verify(forge([], "client"), "sslclient")).toThrow(/purpose/);
    expect(() => verify(leaf, "sslclient")).toThrow(/purpose/);
    const text = execFileSync(openssl, ["x509", "-noout", "-text", "-in", join(folder, "ca.pem")], {
      encoding: "utf8",
    });
    expect(text).toMatch(/X509v3 Name Constraints: critical\s+Permitted:/);
    expect(text).toMatch(/CA:TRUE, pathlen:0/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign\n/);
  });
});
