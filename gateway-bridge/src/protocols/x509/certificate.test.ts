import { describe, expect, it } from "@jest/globals";
import type { X509Certificate } from "node:crypto";

import { authority, clientKeys, keys, make } from "./testing/authority.ts";

const server = (names: readonly string[]): X509Certificate =>
  make({ subject: "gw-x", use: { kind: "server", names }, issuer: { ...authority, name: "gw-x" } });

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

  it("never gives two certificates one serial number", () => {
    const serials = Array.from({ length: 100 }, () => make({}).serialNumber);
    expect(new Set(serials).size).toBe(100);
  });

  it("keeps names of any script", () => {
    expect(make({ subject: "Küche 🎥" }).subject).toBe("CN=Küche 🎥");
  });
});
