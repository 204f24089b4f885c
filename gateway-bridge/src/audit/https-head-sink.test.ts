import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { makeCertificate, TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { HttpsHeadSink } from "./https-head-sink.ts";

const never = { signal: new AbortController().signal };
const own = makeCertificate({ name: "localhost", keys: generateKeyPairSync("ec", { namedCurve: "P-256" }) });

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const asked: { readonly method: string | undefined; readonly headers: IncomingMessage["headers"]; body: string }[] = [];

beforeAll(async () => {
  server = createServer({ key: own.privateKey, cert: own.certificate }, (request, response) => {
    const seen = { method: request.method, headers: request.headers, body: "" };
    asked.push(seen);
    request.on("data", (piece: Buffer) => (seen.body += piece.toString()));
    request.once("end", () => answer(request, response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `https://localhost:${(server.address() as AddressInfo).port}/heads`;
});
afterAll(async () => {
  server.closeAllConnections();
  await once(server.close(), "close");
});
beforeEach(() => {
  asked.length = 0;
  answer = (_request, response) => void response.end();
});

const open = (clock = new TestClock()): HttpsHeadSink => new HttpsHeadSink({ url, clock, authority: own.certificate });

describe("HttpsHeadSink", () => {
  it("sends a note as it is and nothing that must not be seen, and reads the newest", async () => {
    await open().push("a note\n", never);
    expect(asked).toMatchObject([{ method: "POST", body: "a note\n" }]);
    expect(Object.keys(asked[0]?.headers ?? {}).sort()).toEqual([
      "connection",
      "content-length",
      "content-type",
      "host",
    ]);
    answer = (_request, response) => void response.end("the newest\n");
    expect(await open().newest(never)).toBe("the newest\n");
  });

  it.each([404, 204])("knows by %i that nothing was pushed yet", async (status) => {
    answer = (_request, response) => void response.writeHead(status).end();
    expect(await open().newest(never)).toBeUndefined();
  });

  it.each([302, 401, 500])("takes %i for a failure, and follows nobody elsewhere", async (status) => {
    answer = (_request, response) => void response.writeHead(status, { location: `${url}/elsewhere` }).end();
    await expect(open().newest(never)).rejects.toMatchObject({ code: "heads-unreachable" });
    await expect(open().push("x", never)).rejects.toMatchObject({ code: "heads-unreachable", retry: "later" });
    expect(asked).toHaveLength(2);
  });

  it("reads no more than a note can be", async () => {
    answer = (_request, response) => void response.end("x".repeat(1 << 20));
    await expect(open().newest(never)).rejects.toMatchObject({ code: "heads-unreachable" });
  });

  it("sends nothing to a server whose certificate is not trusted", async () => {
    const sink = new HttpsHeadSink({ url, clock: new TestClock() });
    await expect(sink.push("x", never)).rejects.toMatchObject({ code: "heads-unreachable" });
    const elsewhere = url.replace("localhost", "127.0.0.1");
    const wrongName = new HttpsHeadSink({ url: elsewhere, clock: new TestClock(), authority: own.certificate });
    await expect(wrongName.push("x", never)).rejects.toMatchObject({ code: "heads-unreachable" });
    expect(asked).toEqual([]);
  });

  it("gives up on a server that does not answer, and when it is told to", async () => {
    const arrived = Promise.withResolvers<undefined>();
    answer = () => arrived.resolve(undefined);
    const clock = new TestClock();
    const late = expect(open(clock).newest(never)).rejects.toMatchObject({ code: "timeout" });
    await arrived.promise;
    await clock.advance(15_000);
    await late;
    const stopping = new AbortController();
    const stopped = expect(open().newest(stopping)).rejects.toThrow("enough");
    stopping.abort(new Error("enough"));
    await stopped;
  });

  it("says that a connection broke", async () => {
    answer = (request) => void request.socket.destroy();
    await expect(open().newest(never)).rejects.toMatchObject({ code: "heads-unreachable" });
  });
});
