import { connectPinned, type Identity } from "@gatehouse/shared";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";

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

/** How somebody shows who it is. */
export interface Proof {
  readonly headers?: Readonly<Record<string, string>>;
  /** A paired client's key. */
  readonly identity?: Pick<Identity, "certificate" | "privateKey">;
}

/** Where a gateway listens, and what it keeps. */
export interface AskedGateway {
  readonly address: string;
  readonly data: string;
}

/** Somebody who knows the gateway's key and asks it things, one connection each. */
export class Asker {
  /** Of the gateway's key, base64url. */
  readonly pin: string;
  /** Is shown every byte that comes over connections made from now on, as it comes out of TLS. */
  tap: ((bytes: Buffer) => void) | undefined;
  readonly #address: string;
  readonly #proof: Proof;

  constructor({ address }: Pick<AskedGateway, "address">, pin: string, proof: Proof) {
    this.#address = address;
    this.pin = pin;
    this.#proof = proof;
  }

  static async with(gateway: AskedGateway, proof: Proof): Promise<Asker> {
    return new Asker(gateway, await pinOf(gateway), proof);
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
    const socket = await this.connect();
    const headers = { host: this.#address, ...this.#proof.headers, ...more };
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
    const connection = await this.connect();
    const socket = new WebSocket(`wss://${this.#address}${path}`, {
      headers: { ...this.#proof.headers },
      createConnection: () => connection,
    });
    await once(socket, "open");
    return socket;
  }

  /** What it shows with each request. */
  get headers(): Readonly<Record<string, string>> {
    return this.#proof.headers ?? {};
  }

  /** A connection on which nothing was said yet. */
  async connect(): Promise<TLSSocket> {
    const [host = "", port] = this.#address.split(":");
    const socket = await connectPinned(
      {
        ...{ host, port: Number(port), ...this.#proof.identity },
        accepts: (digest) => digest.toString("base64url") === this.pin,
        mismatch: "gateway-impostor",
        unreachable: "gateway-unreachable",
      },
      { signal: new AbortController().signal },
    );
    if (this.tap !== undefined) socket.on("data", this.tap);
    return socket;
  }
}

/** The gateway's pin, as the command line on its box keeps it. */
export const pinOf = async ({ data }: Pick<AskedGateway, "data">): Promise<string> => {
  const identity = JSON.parse(await readFile(join(data, "cli.json"), "utf8")) as { gatewayPin: string };
  return identity.gatewayPin;
};
