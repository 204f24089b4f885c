import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

import { makeCertificate, noEnd } from "../../../protocols/x509/certificate.ts";

export interface ApiRequest {
  readonly method: string;
  /** Behind `/api`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  /** JSON, or a text as it is. */
  readonly body?: unknown;
}

/** What a provider does with a request; undefined never answers. */
export type Provider = (request: ApiRequest) => ApiAnswer | undefined | Promise<ApiAnswer | undefined>;

/** An HTTPS server of JSON on loopback, with a certificate of its own that is its authority too. */
export class FakeDnsApi implements AsyncDisposable {
  readonly requests: ApiRequest[] = [];
  /** PEM. */
  readonly authority: string;
  /** Told of each request as it comes. */
  onRequest: () => void = () => undefined;
  readonly #server: Server;

  private constructor(server: Server, authority: string) {
    this.#server = server;
    this.authority = authority;
  }

  static async open(provider: Provider): Promise<FakeDnsApi> {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const cert = makeCertificate({
      ...{ subject: "dns", publicKey: keys.publicKey, use: { kind: "server", names: ["127.0.0.1"] } },
      ...{ notBefore: 0, notAfter: noEnd, issuer: { name: "dns", ...keys } },
    }).toString();
    const server = createServer({ cert, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) });
    const api = new FakeDnsApi(server, cert);
    server.on("request", (request, response) => void api.#answer(provider, request, response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return api;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), "close");
  }

  async #answer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const text = Buffer.concat(pieces).toString("utf8");
    const { pathname, searchParams: query } = new URL(url, this.url);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const asked = { method, path: pathname.replace(/^\/api/, ""), query, headers, body };
    this.requests.push(asked);
    this.onRequest();
    const answer = await provider(asked);
    if (answer === undefined) return;
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  }
}
