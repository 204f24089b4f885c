import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

import { systemClock } from "../kernel/clock.ts";
import { makeCertificate } from "../testing/certificate.ts";
import { fakeCameraId, makeCamera } from "../testing/fake-gateway.ts";
import { MemoryLogger } from "../testing/memory-logger.ts";
import { GatewayClient, type ConnectionState } from "./gateway-client.ts";

/** What a client does when the gateway itself, its key being right, answers nonsense. */
const never = { signal: new AbortController().signal };
const own = makeCertificate({ name: "gateway" });
const me = makeCertificate({ name: "client" });
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<GatewayClient> => {
  const server = createServer({ cert: own.certificate, key: own.privateKey }, answer);
  return clientOf(server);
};

const clientOf = async (server: Server): Promise<GatewayClient> => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const identity = {
    version: 1,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    gatewayPin: own.pin,
    gatewayId: "gw-aaaaaaaaaaaaaaaa" as never,
    principal: "who-aaaaaaaaaaaaaaaa" as never,
    certificate: me.certificate,
    privateKey: me.privateKey,
  } as const;
  const client = new GatewayClient({ identity, clock: systemClock, log: new MemoryLogger(), random: () => 0 });
  closing.push(
    () => once(server.close(), "close"),
    async () => server.closeAllConnections(),
    () => client[Symbol.asyncDispose](),
  );
  return client;
};

const wire = (code: string) => ({ error: { code, message: "words", retry: "never", remedy: "do", details: { a: 1 } } });

describe("an answer", () => {
  it.each([
    ["that is no JSON", 200, "<html>", "gateway-answer-malformed"],
    ["that is cut short JSON", 200, '[{"id":', "gateway-answer-malformed"],
    ["of another form", 200, '{"cameras":[]}', "gateway-answer-malformed"],
    ["with a camera that is none", 200, JSON.stringify([{ ...makeCamera(), id: "cam-1" }]), "gateway-answer-malformed"],
    ["that fails without saying why", 500, "oops", "gateway-answer-malformed"],
    ["that sends elsewhere", 302, "", "gateway-answer-malformed"],
    ["of more than a mebibyte", 200, JSON.stringify("x".repeat(1 << 20)), "gateway-answer-malformed"],
    ["with a known code", 403, JSON.stringify(wire("access-denied")), "access-denied"],
    ["with a code of tomorrow", 418, JSON.stringify(wire("tea-only")), "internal"],
    ["with the name of a property of every object as its code", 418, JSON.stringify(wire("constructor")), "internal"],
  ])("%s becomes one clear error", async (_, status, body, code) => {
    const client = await serve((_request, response) => {
      response.writeHead(status, { location: "https://elsewhere.example/" }).end(body);
    });
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ name: "GatehouseError", code });
  });

  it("keeps the words, remedy and details of a code that it does not know", async () => {
    const client = await serve((_, response) => response.writeHead(418).end(JSON.stringify(wire("tea-only"))));
    const call = client.call("listCameras", {}, never);
    await expect(call).rejects.toMatchObject({ message: "words", remedy: "do", details: { a: 1 } });
  });

  it("that breaks off in the middle says that the gateway is away", async () => {
    const client = await serve((_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("[");
      setImmediate(() => response.destroy());
    });
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ code: "gateway-unreachable" });
  });

  it.each([
    ["of another type", { "content-type": "text/html", "x-captured-at": "5" }],
    ["without a time", { "content-type": "image/jpeg" }],
    ["with a time that is no number", { "content-type": "image/jpeg", "x-captured-at": "now" }],
  ])("%s is no picture", async (_, headers) => {
    const client = await serve((_request, response) => response.writeHead(200, headers).end("x"));
    await expect(client.snapshot(fakeCameraId(), {}, never)).rejects.toMatchObject({
      code: "gateway-answer-malformed",
    });
  });

  it("is never asked for twice when it was to change something", async () => {
    let asked = 0;
    const client = await serve((request, response) => {
      asked += 1;
      if (asked > 1) request.socket.destroy();
      else response.writeHead(200).end("[]");
    });
    expect(await client.call("listCameras", {}, never)).toEqual([]);
    await expect(client.call("discoverCameras", {}, never)).rejects.toMatchObject({ code: "gateway-unreachable" });
    expect(asked).toBe(2);
  });
});

describe("an events connection", () => {
  const failing = async (client: GatewayClient): Promise<unknown> => {
    const failed = Promise.withResolvers<unknown>();
    const state = (now: ConnectionState): void => {
      if (now.kind === "waiting") failed.resolve(now.error.code);
    };
    client.watch({ state });
    return failed.promise;
  };

  it.each([
    ["begins with something else than hello", '{"kind":"event"}'],
    ["begins with no JSON", "hello"],
  ])("that %s is given up", async (_, words) => {
    const server = createServer({ cert: own.certificate, key: own.privateKey });
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.send(words));
    expect(await failing(await clientOf(server))).toBe("gateway-answer-malformed");
  });

  it.each([
    ["with a reason", 403, JSON.stringify(wire("access-denied")), "access-denied"],
    ["without one", 200, "welcome", "gateway-answer-malformed"],
    ["with a novel", 403, "x".repeat(100_000), "gateway-answer-malformed"],
  ])("that is refused %s says so", async (_, status, body, code) => {
    const client = await serve((_request, response) => response.writeHead(status).end(body));
    expect(await failing(client)).toBe(code);
  });

  it("whose upgrade is a lie is given up", async () => {
    const server = createServer({ cert: own.certificate, key: own.privateKey });
    server.on("upgrade", (_request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
    });
    expect(await failing(await clientOf(server))).toBe("gateway-unreachable");
  });
});
