import { beforeEach, describe, expect, it } from "@jest/globals";
import { connectPinned, PrincipalId, spkiPin } from "@gatehouse/shared";
import { createHash, generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";

import { makeCertificate, noEnd } from "../protocols/x509/certificate.ts";
import { openHome } from "../tls/testing/home.ts";
import { GatewayIdentity, spkiOf } from "./gateway-identity.ts";
import { MemorySecrets, never } from "./testing/open-door.ts";

const principal = PrincipalId.parse("who-abcdefghijklmnop");
const p256 = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

let secrets: MemorySecrets;
beforeEach(() => {
  secrets = new MemorySecrets();
});
const open = (): Promise<GatewayIdentity> => GatewayIdentity.open({ secrets }, never);

describe("GatewayIdentity", () => {
  it("is named after its key, which is what clients pin", async () => {
    const { id, pin, keys } = await open();
    const digest = createHash("sha256").update(spkiOf(keys.publicKey)).digest();
    expect(pin).toBe(digest.toString("base64url"));
    expect(id).toMatch(/^gw-[a-z2-7]{16}$/);
    const other = await GatewayIdentity.open({ secrets: new MemorySecrets() }, never);
    expect([other.id, other.pin]).not.toEqual([id, pin]);
  });

  it("is the same over restarts", async () => {
    const [first, second] = [await open(), await open()];
    expect([second.id, second.pin]).toEqual([first.id, first.pin]);
    expect(second.keys.privateKey.equals(first.keys.privateKey)).toBe(true);
  });

  it("keeps its keys nowhere but in the vault", async () => {
    await open();
    expect([...secrets.held.keys()].sort()).toEqual(["gateway/client-ca-key", "gateway/tls-key"]);
  });

  it("does nothing for a caller who has gone", async () => {
    const gone = { signal: AbortSignal.abort(new Error("gone")) };
    await expect(GatewayIdentity.open({ secrets }, gone)).rejects.toThrow("gone");
    expect(secrets.held.size).toBe(0);
  });
});

describe("issue", () => {
  it("certifies a client's key under the principal's id, with no end", async () => {
    const identity = await open();
    const { publicKey, privateKey } = p256();
    const certificate = new X509Certificate(identity.issue({ publicKey: spkiOf(publicKey), principal }));
    expect(certificate.subject).toBe(`CN=${principal}`);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(certificate.checkIssued(new X509Certificate(identity.clientCa))).toBe(true);
    expect(certificate.verify(new X509Certificate(identity.clientCa).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.validFromDate.getTime()).toBe(0);
    expect(certificate.validToDate.getUTCFullYear()).toBe(9_999);
  });

  it("signs with another key than the server's", async () => {
    const { clientCa, pin } = await open();
    expect(spkiPin(spkiOf(new X509Certificate(clientCa).publicKey))).not.toBe(pin);
  });

  const foreign: readonly [string, Buffer][] = [
    ["P-384", spkiOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey)],
    ["secp256k1", spkiOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey)],
    ["Ed25519", spkiOf(generateKeyPairSync("ed25519").publicKey)],
    ["RSA", spkiOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)],
    ["a point off the curve", Buffer.concat([spkiOf(p256().publicKey).subarray(0, 27), Buffer.alloc(64, 7)])],
    ["a cut key", spkiOf(p256().publicKey).subarray(0, 80)],
    ["a private key", p256().privateKey.export({ type: "pkcs8", format: "der" })],
    ["text", Buffer.from("not a key")],
    ["nothing", Buffer.alloc(0)],
  ];
  it.each(foreign)("refuses %s", async (_name, publicKey) => {
    const identity = await open();
    expect(() => identity.issue({ publicKey, principal })).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });

  it("writes a compressed key out, so that one key has one pin", async () => {
    const identity = await open();
    const { publicKey } = p256();
    const point = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
    const odd = Buffer.from(publicKey.export({ format: "jwk" }).y!, "base64url").at(-1)! & 1;
    const head = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
    const compressed = Buffer.concat([head, Buffer.of(2 + odd), point]);
    const certificate = new X509Certificate(identity.issue({ publicKey: compressed, principal }));
    expect(spkiOf(certificate.publicKey).equals(spkiOf(publicKey))).toBe(true);
  });
});

describe("its TLS, on a real socket", () => {
  it("knows the clients that it certified, and nobody else's", async () => {
    const identity = await open();
    const { key, cert } = openHome({ identity, secrets }).server;
    const server = createServer({ key, cert, ca: identity.clientCa, requestCert: true, minVersion: "TLSv1.3" });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const visit = (certificate: string, privateKey: string): Promise<TLSSocket> =>
      connectPinned(
        {
          ...{ host: "127.0.0.1", port, certificate, privateKey, minVersion: "TLSv1.3" },
          ...{ mismatch: "gateway-impostor", unreachable: "gateway-unreachable" },
          accepts: (digest) => digest.toString("base64url") === identity.pin,
        },
        never,
      );

    const own = p256();
    const known = once(server, "secureConnection");
    const issued = await visit(identity.issue({ publicKey: spkiOf(own.publicKey), principal }), pem(own.privateKey));
    const [socket] = (await known) as [TLSSocket];
    expect(socket.authorized).toBe(true);
    expect(socket.getPeerX509Certificate()?.subject).toBe(`CN=${principal}`);

    const stranger = p256();
    const selfMade = makeCertificate({
      ...{ subject: principal, publicKey: stranger.publicKey, use: { kind: "client" }, notBefore: 0, notAfter: noEnd },
      issuer: { name: `Clients of ${identity.id}`, ...stranger },
    });
    const refused = once(server, "tlsClientError");
    const forged = await visit(selfMade.toString(), pem(stranger.privateKey));
    await refused;
    for (const each of [issued, forged, socket]) each.destroy();
    server.close();
  });
});
