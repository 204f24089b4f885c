import { connectPinned, type ApplicationCredential } from "@gatehouse/shared";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";

import type { GatewayProcess } from "./gateway-process.ts";

export interface Question {
  readonly path: string;
  readonly method?: string;
  /** Of the body. */
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An application that knows its gateway's key and logs in with a name and a password. */
export class ApplicationClient {
  readonly #gateway: GatewayProcess;
  /** Of the gateway's key, base64url. */
  readonly pin: string;
  readonly authorization: string;

  private constructor(
    gateway: GatewayProcess,
    pin: string,
    login: Pick<ApplicationCredential, "username" | "password">,
  ) {
    this.#gateway = gateway;
    this.pin = pin;
    this.authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  }

  static async of(
    gateway: GatewayProcess,
    login: Pick<ApplicationCredential, "username" | "password">,
  ): Promise<ApplicationClient> {
    const identity = JSON.parse(await readFile(join(gateway.data, "cli.json"), "utf8")) as { gatewayPin: string };
    return new ApplicationClient(gateway, identity.gatewayPin, login);
  }

  async ask(question: Question): Promise<Answer> {
    const response = await this.begin(question);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
    } finally {
      response.destroy();
    }
  }

  /** The same, of whose body nothing was read yet; destroy it in the end. */
  async begin({ path, method = "GET", type, body, headers: more }: Question): Promise<IncomingMessage> {
    const socket = await this.#connect();
    const headers = { host: this.#gateway.address, authorization: this.authorization, ...more };
    const asked = request({
      path,
      method,
      headers: { ...headers, ...(type !== undefined && { "content-type": type }) },
      createConnection: () => socket,
    });
    asked.end(body);
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.on("close", () => socket.destroy());
    return response;
  }

  /** A WebSocket that is open. */
  async watch(path: string): Promise<WebSocket> {
    const connection = await this.#connect();
    const socket = new WebSocket(`wss://${this.#gateway.address}${path}`, {
      headers: { authorization: this.authorization },
      createConnection: () => connection,
    });
    await once(socket, "open");
    return socket;
  }

  #connect(): Promise<TLSSocket> {
    const [host = "", port] = this.#gateway.address.split(":");
    return connectPinned(
      {
        host,
        port: Number(port),
        accepts: (digest) => digest.toString("base64url") === this.pin,
        mismatch: "gateway-impostor",
        unreachable: "gateway-unreachable",
      },
      { signal: new AbortController().signal },
    );
  }
}
