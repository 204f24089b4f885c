import { GatehouseError, readPrivateFile, systemCode, writePrivateFile, type Logger } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Whoever reads more headers than this, or slower, is no Prometheus. */
const limits = { headers: 4 << 10, request: 5_000, connections: 8 } as const;

/** Loopback alone: figures leave the box by whatever fetched them. */
const host = "127.0.0.1";

export interface MetricsDoorOptions {
  readonly port: number;
  /** Where the token lies; made if it does not. */
  readonly tokenFile: string;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly log: Logger;
}

/** Gives the figures to who brings the token, and nothing to anybody else. */
export class MetricsDoor implements AsyncDisposable {
  readonly #options: MetricsDoorOptions;
  readonly #token: Buffer;
  readonly #server: Server;

  private constructor(options: MetricsDoorOptions, token: string) {
    this.#options = options;
    this.#token = digest(token);
    this.#server = createServer(
      { maxHeaderSize: limits.headers, headersTimeout: limits.request, requestTimeout: limits.request },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = limits.connections;
  }

  /** @throws GatehouseError `address-in-use`, `file-permissions` */
  static async open(options: MetricsDoorOptions): Promise<MetricsDoor> {
    const door = new MetricsDoor(options, await metricsToken(options.tokenFile));
    door.#server.listen(options.port, host);
    try {
      await once(door.#server, "listening");
    } catch (cause) {
      const message = `${host} port ${options.port} cannot be listened at: ${systemCode(cause) ?? "failed"}.`;
      throw new GatehouseError("address-in-use", message, { cause });
    }
    return door;
  }

  /** `host:port`. */
  get address(): string {
    return `${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const [, token = ""] = /^Bearer (\S{1,128})$/i.exec(request.headers.authorization ?? "") ?? [];
    if (!timingSafeEqual(digest(token), this.#token)) {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    } else if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end();
    } else {
      await this.#show(response);
    }
  }

  async #show(response: ServerResponse): Promise<void> {
    try {
      const { contentType, text } = await this.#options.render();
      response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" }).end(text);
    } catch (error) {
      this.#options.log.error("the figures could not be told", { error: String(error) });
      response.writeHead(500).end();
    }
  }
}

/** The token in the file; drawn, 256 bits, where there is none. @throws GatehouseError `file-permissions` */
export const metricsToken = async (file: string): Promise<string> => {
  const known = (await readPrivateFile(file))?.toString("utf8").trim();
  if (known !== undefined && known !== "") return known;
  const made = randomBytes(32).toString("base64url");
  await writePrivateFile(file, `${made}\n`);
  return made;
};

const digest = (text: string): Buffer => hash("sha256", text, "buffer");
