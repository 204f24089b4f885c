import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import type { Tier } from "./live-feed.ts";
import { Port } from "./port.ts";
import { RtspConnection, type RtspConnectionOptions } from "./rtsp-connection.ts";

export interface TlsIdentity {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface RtspServerOptions extends Omit<RtspConnectionOptions, "onPlay" | "stalled" | "garbled"> {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly tls?: TlsIdentity | undefined;
}

/** The camera's RTSP(S) port: live media over TCP, starting wherever live is. */
export class RtspServer implements AsyncDisposable {
  readonly port: Port;
  /** While true, clients stay connected and are answered, but no media leaves. */
  stalled = false;
  /** While true, what leaves is garbage in the right frames. */
  garbled = false;
  readonly counts = { connects: 0, plays: 0 };
  readonly #origin: string;
  readonly #connections: Set<RtspConnection>;

  private constructor({ tls, host }: RtspServerOptions, port: Port, connections: Set<RtspConnection>) {
    this.#origin = `${tls === undefined ? "rtsp" : "rtsps"}://${host}:${port.number}`;
    this.port = port;
    this.#connections = connections;
  }

  static async open(options: RtspServerOptions): Promise<RtspServer> {
    const connections = new Set<RtspConnection>();
    const accept = (socket: Socket): void => {
      opened.counts.connects += 1;
      const connection = new RtspConnection(socket, {
        ...options,
        stalled: () => opened.stalled,
        garbled: () => opened.garbled,
        onPlay: () => (opened.counts.plays += 1),
      });
      connections.add(connection);
      socket.on("close", () => connections.delete(connection));
    };
    const { tls, host, port } = options;
    const server = (): Server => (tls === undefined ? createServer(accept) : createTlsServer(tls, accept));
    const opened: RtspServer = new RtspServer(options, await Port.open({ server, host, port }), connections);
    return opened;
  }

  url(tier: Tier): string {
    return `${this.#origin}/${tier}`;
  }

  /** Clients that are playing now. */
  get clients(): number {
    return [...this.#connections].filter((connection) => connection.playing).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.port[Symbol.asyncDispose]();
  }
}
