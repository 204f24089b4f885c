import { connectPinned } from "@gatehouse/shared";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";

import type { GatewayProcess } from "./gateway-process.ts";

export interface PageQuestion {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  /** In the place of those that a browser sends of the gateway's own page; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly json: unknown;
  /** The code of an error. */
  readonly code: string | undefined;
}

/** What a browser does on the gateway's own page, without the browser: it keeps cookies, and says where it is. */
export class PageClient {
  readonly cookies = new Map<string, string>();
  /** Set-Cookie values as they came. */
  readonly setCookies: string[] = [];
  readonly address: string;
  readonly #pin: string;

  constructor(address: string, pin: string) {
    this.address = address;
    this.#pin = pin;
  }

  static async of(gateway: Pick<GatewayProcess, "address" | "data">): Promise<PageClient> {
    const identity = JSON.parse(await readFile(join(gateway.data, "cli.json"), "utf8")) as { gatewayPin: string };
    return new PageClient(gateway.address, identity.gatewayPin);
  }

  /** Another one with the same cookies, as whoever stole them has them. */
  copy(): PageClient {
    const twin = new PageClient(this.address, this.#pin);
    for (const [name, value] of this.cookies) twin.cookies.set(name, value);
    return twin;
  }

  async ask({ method = "GET", path, body, headers }: PageQuestion): Promise<PageAnswer> {
    const connection = await this.#connect();
    const asked = request({
      path,
      method,
      headers: this.#headers({
        ...(method !== "GET" && { origin: `https://${this.address}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      }),
      createConnection: () => connection,
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    connection.destroy();
    this.#keep(response.headers["set-cookie"] ?? []);
    const text = Buffer.concat(chunks).toString();
    const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
    const json: unknown = isJson ? JSON.parse(text) : undefined;
    const code = (json as { error?: { code?: string } } | undefined)?.error?.code;
    return { status: response.statusCode ?? 0, headers: response.headers, text, json, code };
  }

  /** What is answered, which must be no error. */
  async get(question: PageQuestion): Promise<unknown> {
    const { status, json } = await this.ask(question);
    if (status !== 200) throw new Error(`${question.path} was answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }

  /** The head of a request whose body is still to come; `gone` resolves when the gateway closes its connection. */
  async begin({ method = "POST", path, headers }: PageQuestion): Promise<{ readonly gone: Promise<unknown> }> {
    const socket = await this.#connect();
    const all = this.#headers({ origin: `https://${this.address}`, "content-type": "application/json", ...headers });
    const lines = Object.entries({ ...all, "content-length": "2" }).map(([name, value]) => `${name}: ${value}`);
    socket.on("error", () => undefined);
    // By a reset, too: `once` of node:events would fail over its error.
    const gone = new Promise((resolve) => socket.once("close", resolve));
    await new Promise((written) =>
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n{`, written),
    );
    return { gone };
  }

  /** A WebSocket that is open; throws with the status where it was refused. */
  async watch(path: string, headers: PageQuestion["headers"] = {}): Promise<WebSocket> {
    const connection = await this.#connect();
    const socket = new WebSocket(`wss://${this.address}${path}`, {
      headers: this.#headers({ origin: `https://${this.address}`, ...headers }),
      createConnection: () => connection,
    });
    socket.on("error", () => undefined);
    const opened = once(socket, "open");
    const refused = once(socket, "unexpected-response").then(([, response]) => {
      connection.destroy();
      throw new Error(`refused with ${String((response as IncomingMessage).statusCode)}`);
    });
    refused.catch(() => undefined);
    await Promise.race([opened, refused]);
    return socket;
  }

  #headers(more: Readonly<Record<string, string | undefined>>): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const all = {
      host: this.address,
      "sec-fetch-site": "same-origin",
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      ...(cookie !== "" && { cookie }),
      ...more,
    };
    return Object.fromEntries(
      Object.entries<string | undefined>(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
  }

  #keep(values: readonly string[]): void {
    this.setCookies.push(...values);
    for (const value of values) {
      const [, name = "", content = ""] = /^([^=]+)=([^;]*)/.exec(value) ?? [];
      if (content === "") this.cookies.delete(name);
      else this.cookies.set(name, content);
    }
  }

  #connect(): Promise<TLSSocket> {
    const [host = "", port] = this.address.split(":");
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === this.#pin;
    return connectPinned(
      { host, port: Number(port), accepts, mismatch: "gateway-impostor", unreachable: "gateway-unreachable" },
      { signal: new AbortController().signal },
    );
  }
}
