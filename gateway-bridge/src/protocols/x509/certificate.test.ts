import { describe, expect, it } from "@jest/globals";
import { generateKeyPairSync, type X509Certificate } from "node:crypto";

import { permits } from "./certificate.ts";
import { authority, clientKeys, edwardsKeys, keys, make } from "./testing/authority.ts";

const server = (names: readonly string[]): X509Certificate =>
  make({ subject: "gw-x", use: { kind: "server", names }, issuer: { ...authority, name: "gw-x" } });

const certifiedBy = (name: string) => ({ publicKey: edwardsKeys.publicKey, issuer: { name, ...edwardsKeys } });

describe("makeCertificate", () => {
  it("makes an authority and a client certificate that it has signed", () => {
    const ca = make({});
    const client = make({ subject: "who-x", publicKey: clientKeys.publicKey, use: { kind: "client" } });
    expect([ca.ca, client.ca]).toEqual([true, false]);
    expect([ca.subject, client.subject, client.issuer]).toEqual(["CN=clients of gw-x", "CN=who-x", ca.subject]);
    expect(client.checkIssued(ca)).toBe(true);
    expect(client.verify(keys.publicKey)).toBe(true);
    expect(client.verify(clientKeys.publicKey)).toBe(false);
    expect(client.checkPrivateKey(clientKeys.privateKey)).toBe(true);
    expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(client.validFromDate.getTime()).toBe(0);
    expect(client.validTo).toBe("Dec 31 23:59:59 9999 GMT");
  });

  it("answers to every name of a server and to no other", () => {
    const certificate = server(["localhost", "gw-x.internal", "127.0.0.1", "::1", "fd00:0:0:1::a", "::ffff:10.0.0.1"]);
    expect(certificate.subjectAltName).toBe(
      "DNS:localhost, DNS:gw-x.internal, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, " +
        "IP Address:FD00:0:0:1:0:0:0:A, IP Address:0:0:0:0:0:FFFF:A00:1",
    );
    expect(certificate.checkIP("::1")).toBe("::1");
    expect(certificate.checkHost("gw-x.internal")).toBe("gw-x.internal");
    expect(certificate.checkHost("example.org")).toBeUndefined();
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  it("says what a servers' authority can vouch for: names and networks, each with its mask", () => {
    const permitted = ["gw-x.local", "10.0.0.0/8", "172.16.0.0/12", "127.0.0.1/32", "fc00::/7", "::1/128"];
    const ca = make({ use: { kind: "server-authority", permitted } });
    expect([ca.ca, ca.keyUsage]).toEqual([true, ["1.3.6.1.5.5.7.3.1"]]);
    const hex = ca.raw.toString("hex");
    expect(hex).toContain("0603551d1e0101ff04"); // critical
    expect(hex).toContain(`300c820a${Buffer.from("gw-x.local").toString("hex")}`);
    expect(hex).toContain("300a87080a000000ff000000");
    expect(hex).toContain("300a8708ac100000fff00000");
    expect(hex).toContain("300a87087f000001ffffffff");
    expect(hex).toContain(`30228720fc${"00".repeat(15)}fe${"00".repeat(15)}`);
    expect(hex).toContain(`30228720${"00".repeat(15)}01${"ff".repeat(16)}`);
    expect(permits(ca, permitted)).toBe(true);
    expect(permits(ca, ["10.0.0.0/8"])).toBe(true);
    for (const other of ["gw-y.local", "x.local", "10.0.0.0/9", "192.168.0.0/16"]) {
      expect([other, permits(ca, [...permitted, other])]).toEqual([other, false]);
    }
  });

  it("certifies a key on Ed25519, by itself and by an authority on P-256", () => {
    const name = "gr-x";
    const own = make({ subject: name, use: { kind: "server", names: [name] }, ...certifiedBy(name) });
    expect([own.publicKey.asymmetricKeyType, own.issuer]).toEqual(["ed25519", "CN=gr-x"]);
    expect(own.verify(edwardsKeys.publicKey)).toBe(true);
    expect(own.verify(generateKeyPairSync("ed25519").publicKey)).toBe(false);
    const device = make({ subject: "dev-x", publicKey: edwardsKeys.publicKey, use: { kind: "client" } });
    expect(device.checkIssued(make({}))).toBe(true);
    expect([device.verify(keys.publicKey), device.verify(edwardsKeys.publicKey)]).toEqual([true, false]);
    expect(device.checkPrivateKey(edwardsKeys.privateKey)).toBe(true);
  });

  it("makes none with a key of a kind whose signatures it does not know", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    expect(() => make({ issuer: { name: "x", ...rsa } })).toThrow(TypeError);
  });

  it("never gives two certificates one serial number", () => {
    const serials = Array.from({ length: 100 }, () => make({}).serialNumber);
    expect(new Set(serials).size).toBe(100);
  });

  it("keeps names of any script", () => {
    expect(make({ subject: "Küche 🎥" }).subject).toBe("CN=Küche 🎥");
  });
});
