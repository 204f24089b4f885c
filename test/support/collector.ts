import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Lookout } from "./lookout.ts";

/** A motion event as it left a Node-RED flow, and when it came here (ms since the epoch). */
export interface Collected {
  readonly at: number;
  readonly payload: {
    readonly kind: string;
    readonly active?: boolean;
    readonly reference?: string;
    readonly name?: string;
  };
}

const largestBody = 64 * 1024;

/** Where a Node-RED flow sends what it sees, by an `http request` node. Loopback only, behind an unguessable path. */
export class Collector implements AsyncDisposable {
  readonly url: string;
  readonly received: Collected[] = [];
  readonly #server: Server;
  readonly #lookout = new Lookout();

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      request.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > largestBody) request.destroy();
        else chunks.push(chunk);
      });
      request.on("end", () => {
        const at = Date.now();
        response.statusCode = request.url === path ? 204 : 404;
        response.end();
        if (request.url !== path) return;
        this.received.push({ at, payload: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Collected["payload"] });
        this.#lookout.look();
      });
    });
  }

  /** @param port 0 for any; a flow that was deployed before knows its collector's port and path */
  static async open(port = 0, path = `/${randomBytes(12).toString("hex")}`): Promise<Collector> {
    const server = createServer();
    await once(server.listen(port, "127.0.0.1"), "listening");
    return new Collector(server, path);
  }

  /** The first event that matches, there or to come. */
  async find(matches: (event: Collected) => boolean, withinMs = 25_000): Promise<Collected> {
    return this.#lookout.until(
      () => this.received.find(matches),
      () => "the flow sent nothing that fits",
      withinMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
