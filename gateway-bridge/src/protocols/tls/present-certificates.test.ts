import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync, type X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";

import { makeCertificate, noEnd } from "../x509/certificate.ts";
import { presentCertificates, type Certificates } from "./present-certificates.ts";

const made = (name: string) => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = makeCertificate({
    ...{ subject: name, publicKey: keys.publicKey, use: { kind: "server", names: [name] } },
    ...{ notBefore: 0, notAfter: noEnd, issuer: { name, ...keys } },
  });
  return { key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string, cert: certificate.toString() };
};
const client = (() => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = { name: "clients", ...keys };
  const life = { notBefore: 0, notAfter: noEnd, publicKey: keys.publicKey, issuer };
  const ca = makeCertificate({ subject: "clients", use: { kind: "authority" }, ...life }).toString();
  const cert = makeCertificate({ subject: "client", use: { kind: "client" }, ...life }).toString();
  return { ca, cert, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string };
})();

let stack: AsyncDisposableStack;
let shown: { -readonly [K in "pinned" | "named"]: Certificates[K] };
let changed: () => void;
let server: Server;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  shown = { pinned: made("home"), named: { name: "cams.example.org", ...made("cams.example.org") } };
  const certificates: Certificates = {
    get pinned() {
      return shown.pinned;
    },
    get named() {
      return shown.named;
    },
    onChanged: (listener) => {
      changed = listener;
      return { [Symbol.dispose]: () => (changed = () => undefined) };
    },
  };
  server = createServer({ requestCert: true, rejectUnauthorized: true });
  stack.use(presentCertificates(server, certificates, { ca: client.ca, minVersion: "TLSv1.3" }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  stack.defer(() => void server.close());
});
afterEach(() => stack.disposeAsync());

/** Asks for a name, or for none. Whoever is no client of the authority does not get in. */
const visit = async (servername?: string, over: object = {}): Promise<TLSSocket> => {
  const { port } = server.address() as AddressInfo;
  const trust = { ca: [shown.pinned.cert, shown.named?.cert ?? ""], checkServerIdentity: () => undefined };
  const own = { cert: client.cert, key: client.key };
  const [[theirs], socket] = await Promise.all([
    once(server, "secureConnection") as Promise<[TLSSocket]>,
    (async () => {
      const dialled = connect({
        host: "127.0.0.1",
        port,
        ...(servername !== undefined && { servername }),
        ...trust,
        ...own,
        ...over,
      });
      stack.defer(() => void dialled.destroy());
      await once(dialled, "secureConnect");
      return dialled;
    })(),
  ]);
  stack.defer(() => void theirs.destroy());
  expect(theirs.authorized).toBe(true);
  return socket;
};
const subjectOf = (socket: TLSSocket): string | undefined =>
  (socket.getPeerX509Certificate() as X509Certificate).subject;

describe("presentCertificates", () => {
  it.each([
    ["no name", undefined, "CN=home"],
    ["the name that has one", "cams.example.org", "CN=cams.example.org"],
    ["another name", "localhost", "CN=home"],
    ["a name below it", "x.cams.example.org", "CN=home"],
    ["a name that its dots would match", "camsxexample.org", "CN=home"],
  ])("shows whoever asks for %s the right one, and knows clients behind each", async (_case, name, subject) => {
    expect(subjectOf(await visit(name))).toBe(subject);
  });

  it("shows new ones from the next handshake on, and breaks no connection", async () => {
    const [home, named] = [await visit(), await visit("cams.example.org")];
    shown.pinned = made("home again");
    shown.named = { ...made("renewed"), name: "cams.example.org" };
    changed();
    expect(subjectOf(await visit())).toBe("CN=home again");
    expect(subjectOf(await visit("cams.example.org"))).toBe("CN=renewed");
    for (const socket of [home, named]) expect([socket.destroyed, socket.writable]).toEqual([false, true]);
  });

  it("keeps the policy over a change", async () => {
    shown.pinned = made("home again");
    changed();
    expect((await visit()).getProtocol()).toBe("TLSv1.3");
    const refused = once(server, "tlsClientError");
    const { port } = server.address() as AddressInfo;
    const old = connect({ host: "127.0.0.1", port, maxVersion: "TLSv1.2" });
    await Promise.all([refused, once(old, "error")]);
    const stranger = connect({ host: "127.0.0.1", port, ca: shown.pinned.cert, checkServerIdentity: () => undefined });
    stranger.on("error", () => undefined);
    const [error] = (await once(server, "tlsClientError")) as [Error & { code: string }];
    expect(error.code).toBe("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE");
    for (const each of [old, stranger]) each.destroy();
  });
});
