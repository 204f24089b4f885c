import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

import { freePort } from "../support/free-port.ts";

export interface PortOptions {
  /** Makes a server of any kind that is not listening yet. */
  readonly server: () => Server;
  readonly host: string;
  /** 0 for one that nobody is given by chance while it is shut. */
  readonly port: number;
}

/** A TCP port that can be shut and opened again under the same number, and that knows its connections. */
export class Port implements AsyncDisposable {
  readonly number: number;
  readonly #options: PortOptions;
  readonly #connections: Set<Socket>;
  #server: Server | undefined;

  private constructor(options: PortOptions, server: Server, connections: Set<Socket>) {
    this.number = (server.address() as AddressInfo).port;
    this.#options = options;
    this.#server = server;
    this.#connections = connections;
  }

  static async open(options: PortOptions): Promise<Port> {
    const connections = new Set<Socket>();
    return new Port(options, await listen(options, connections), connections);
  }

  /** Accepts no more connections; those that are there stay. */
  shut(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Listens again. */
  async reopen(): Promise<void> {
    this.#server ??= await listen({ ...this.#options, port: this.number }, this.#connections);
  }

  /** Ends every connection without a goodbye. */
  drop(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    this.shut();
    this.drop();
    // A closed server reports only after its last connection.
    if (server !== undefined) await once(server, "close");
  }
}

/** Programs that draw the same number at the same moment. */
const draws = 20;

const listen = async (options: PortOptions, connections: Set<Socket>): Promise<Server> => {
  for (let draw = 1; ; draw += 1) {
    const server = options.server();
    server.on("connection", (socket: Socket) => {
      connections.add(socket);
      socket.on("close", () => connections.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay();
    });
    try {
      server.listen(options.port || (await freePort()), options.host);
      await once(server, "listening");
      return server;
    } catch (error) {
      if (options.port !== 0 || draw === draws || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
};
