import { type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

import { limits } from "./limits.ts";
import { listenLocally } from "./listen-locally.ts";
import { RtspVisit, type RtspVisitOptions } from "./rtsp-visit.ts";

export interface RtspProxyOptions extends Pick<RtspVisitOptions, "credential" | "open" | "onSilentEnd"> {
  /** 0 takes any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The gateway's RTSP server on a port of this computer, for players that know the credential. Each has a channel for itself. */
export class RtspProxy implements AsyncDisposable {
  readonly port: number;
  readonly #options: RtspProxyOptions;
  readonly #server: Server;
  readonly #visits = new Set<RtspVisit>();

  private constructor(options: RtspProxyOptions, { server, port }: { readonly server: Server; readonly port: number }) {
    this.port = port;
    this.#options = options;
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** @throws GatehouseError `address-in-use`, `request-invalid` */
  static async open(options: RtspProxyOptions, { signal }: Cancellable): Promise<RtspProxy> {
    signal.throwIfAborted();
    // What a player ends, it wants no more of.
    const server = createServer({ noDelay: true });
    server.maxConnections = limits.connections;
    const port = await listenLocally(server, options.port, "RTSP");
    return new RtspProxy(options, { server, port });
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    for (const visit of [...this.#visits]) visit[Symbol.dispose]();
    await closed;
  }

  #accept(socket: Socket): void {
    const { credential, open, onSilentEnd, clock, log } = this.#options;
    const visit = new RtspVisit({ socket, credential, open, onSilentEnd, clock, log });
    this.#visits.add(visit);
    socket.once("close", () => this.#visits.delete(visit));
  }
}
