import { afterEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";

import { makeCertificate } from "../testing/certificate.ts";
import { connectPinned, readTlsPin, spkiPin, type PinnedTlsOptions } from "./pinned-tls.ts";

const never = new AbortController().signal;
const own = makeCertificate();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A TLS server that keeps every application byte that it is sent. */
const listen = async (
  options: TlsOptions = {},
): Promise<{ port: number; received: Buffer[]; closed: Promise<unknown>; shown: (string | undefined)[] }> => {
  const received: Buffer[] = [];
  const shown: (string | undefined)[] = [];
  const closed = Promise.withResolvers<unknown>();
  const server = createServer({ cert: own.certificate, key: own.privateKey, ...options }, (socket) => {
    const key = socket.getPeerX509Certificate()?.publicKey;
    shown.push(key && spkiPin(key.export({ type: "spki", format: "der" })));
    socket.on("data", (bytes: Buffer) => received.push(bytes));
    socket.on("error", () => undefined);
  });
  server.on("connection", (raw: Socket) => raw.on("close", () => closed.resolve(true)));
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: (server.address() as AddressInfo).port, received, closed: closed.promise, shown };
};

const optionsFor = (port: number, over: Partial<PinnedTlsOptions> = {}): PinnedTlsOptions => ({
  host: "127.0.0.1",
  port,
  accepts: (digest) => digest.toString("base64url") === own.pin,
  mismatch: "gateway-impostor",
  unreachable: "gateway-unreachable",
  ...over,
});

describe("connectPinned", () => {
  it("hands over a connection whose peer holds the pinned key", async () => {
    const server = await listen();
    const socket = await connectPinned(optionsFor(server.port), { signal: never });
    socket.end("hello");
    await server.closed;
    expect(Buffer.concat(server.received).toString()).toBe("hello");
  });

  it("agrees on what is spoken inside", async () => {
    const server = await listen({ ALPNProtocols: ["gatehouse-test/2", "gatehouse-test/1"] });
    const socket = await connectPinned(optionsFor(server.port, { alpn: "gatehouse-test/1" }), { signal: never });
    expect(socket.alpnProtocol).toBe("gatehouse-test/1");
    socket.destroy();
  });

  it.each<[string, TlsOptions]>([
    ["another protocol", { ALPNProtocols: ["gatehouse-test/2"] }],
    ["none", {}],
  ])("writes no byte to a peer that speaks %s", async (_, over) => {
    const server = await listen(over);
    await expect(
      connectPinned(optionsFor(server.port, { alpn: "gatehouse-test/1" }), { signal: never }),
    ).rejects.toMatchObject({ code: "gateway-unreachable" });
    await server.closed;
    expect(server.received).toEqual([]);
  });

  it("writes no byte to a peer with another key", async () => {
    const impostor = makeCertificate();
    const server = await listen({ cert: impostor.certificate, key: impostor.privateKey });
    await expect(connectPinned(optionsFor(server.port), { signal: never })).rejects.toMatchObject({
      code: "gateway-impostor",
    });
    await server.closed;
    expect(server.received).toEqual([]);
  });

  it("shows its own certificate to a server that asks", async () => {
    const client = makeCertificate({ name: "client" });
    const server = await listen({ requestCert: true, ca: client.certificate });
    const { certificate, privateKey } = client;
    const socket = await connectPinned(optionsFor(server.port, { certificate, privateKey }), { signal: never });
    socket.end("x");
    await server.closed;
    expect(server.shown).toEqual([client.pin]);
  });

  it("says that nobody answers", async () => {
    const server = await listen();
    servers.splice(0).forEach((each) => each.close());
    await expect(connectPinned(optionsFor(server.port), { signal: never })).rejects.toMatchObject({
      code: "gateway-unreachable",
      message: expect.stringMatching(/^no TLS connection to 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    });
    await expect(
      connectPinned(optionsFor(server.port, { host: "localhost" }), { signal: never }),
    ).rejects.toMatchObject({ code: "gateway-unreachable", message: expect.stringMatching(/ECONNREFUSED/) });
  });

  it("says that the peer closed instead of shaking hands", async () => {
    const server = createTcpServer((socket) => socket.end());
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    await expect(connectPinned(optionsFor(port), { signal: never })).rejects.toMatchObject({
      code: "gateway-unreachable",
    });
  });

  it("refuses TLS 1.2 where 1.3 is asked for", async () => {
    const server = await listen({ maxVersion: "TLSv1.2" });
    await expect(
      connectPinned(optionsFor(server.port, { minVersion: "TLSv1.3" }), { signal: never }),
    ).rejects.toMatchObject({ code: "gateway-unreachable" });
    (await connectPinned(optionsFor(server.port), { signal: never })).destroy();
  });

  it("speaks TLS 1.0 with a short RSA key only for a peer marked legacy", async () => {
    const old = makeCertificate({ keys: generateKeyPairSync("rsa", { modulusLength: 1024 }) });
    const server = await listen({
      cert: old.certificate,
      key: old.privateKey,
      minVersion: "TLSv1",
      maxVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === old.pin;
    await expect(connectPinned(optionsFor(server.port, { accepts }), { signal: never })).rejects.toMatchObject({
      code: "gateway-unreachable",
    });
    const socket = await connectPinned(optionsFor(server.port, { accepts, legacy: true }), { signal: never });
    expect(socket.getProtocol()).toBe("TLSv1");
    socket.destroy();
  });

  it("gives up with the signal's reason and closes the connection", async () => {
    const stopping = new AbortController();
    const reason = new Error("enough");
    // Accepts, but never answers the ClientHello.
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => stopping.abort(reason));
      socket.once("close", () => gone.resolve(true));
    });
    const gone = Promise.withResolvers<unknown>();
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    await expect(connectPinned(optionsFor(port), { signal: stopping.signal })).rejects.toBe(reason);
    await gone.promise;
    await expect(connectPinned(optionsFor(port), { signal: stopping.signal })).rejects.toBe(reason);
  });
});

describe("readTlsPin", () => {
  it("tells the peer's pin and sends nothing after the handshake", async () => {
    const server = await listen();
    const where = { host: "127.0.0.1", port: server.port, unreachable: "camera-unreachable" } as const;
    expect(await readTlsPin(where, { signal: never })).toBe(own.pin);
    await server.closed;
    expect(server.received).toEqual([]);
  });
});
