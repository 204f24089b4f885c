import { GatehouseError, isError, systemCode } from "@gatehouse/shared";
import { constants } from "node:crypto";
import { once } from "node:events";
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { addressBlock } from "../../domain/address-block.ts";
import type { Crowd } from "../../domain/crowd.ts";
import type { ServerCertificates } from "../../ports.ts";
import { presentCertificates } from "../../protocols/tls/present-certificates.ts";
import { limits } from "./limits.ts";

export interface RtspListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined for a listener that anybody on the way can read. */
  readonly tls: ServerCertificates | undefined;
  /** Of the connections of all listeners. */
  readonly crowd: Crowd<Socket>;
  /** Counts those that were ended because there were too many. */
  readonly onCrowded: () => void;
  /** A connection is there; inside TLS once that is agreed. `prove` is to be called when somebody has logged in. */
  readonly accept: (socket: Socket, prove: () => void) => void;
}

/** One open port, with as many connections as are good for it. */
export class RtspListener implements AsyncDisposable {
  readonly port: number;
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: ReadonlyMap<string, Socket>;

  private constructor(server: Server, sockets: ReadonlyMap<string, Socket>) {
    const { address, port } = server.address() as AddressInfo;
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
    this.address = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** @throws GatehouseError `address-in-use`, `config-invalid` where it cannot listen */
  static async open(options: RtspListenerOptions): Promise<RtspListener> {
    const { host, port, tls, crowd, accept } = options;
    const server = tls === undefined ? createServer({ noDelay: true }) : createTls(tls);
    const sockets = watchConnections(server, options);
    server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      const below = sockets.get(peerOf(socket));
      if (below !== undefined && !socket.destroyed) accept(socket, () => crowd.prove(below));
    });
    try {
      await once(server.listen({ host, port }), "listening");
    } catch (cause) {
      const code = systemCode(cause) === "EADDRINUSE" ? "address-in-use" : "config-invalid";
      const why = isError(cause) ? cause.message : String(cause);
      throw new GatehouseError(code, `RTSP cannot listen on ${host}:${port}: ${why}`, { cause });
    }
    return new RtspListener(server, sockets);
  }

  /** Closes the port and what is connected to it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of [...this.#sockets.values()]) socket.destroy();
    await closed;
  }
}

/** TLS 1.2 for the recorders and televisions that know no better; with forward secrecy and authenticated ciphers alone. */
const tlsPolicy = {
  minVersion: "TLSv1.2",
  // The key that tickets are sealed with would open what was recorded of TLS 1.2, for as long as the gateway runs.
  secureOptions: constants.SSL_OP_NO_TICKET,
  ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20",
} as const;

const createTls = (certificates: ServerCertificates): Server => {
  const server = createTlsServer({ handshakeTimeout: limits.tlsHandshake, noDelay: true });
  const presented = presentCertificates(server, certificates, tlsPolicy);
  server.once("close", () => presented[Symbol.dispose]());
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
};

/**
 * Refuses what is too many before any TLS is spoken. Gives the connections there are: by peer, because a TLS socket does not tell
 * which one it is on.
 */
const watchConnections = (
  server: Server,
  { crowd, onCrowded }: Pick<RtspListenerOptions, "crowd" | "onCrowded">,
): ReadonlyMap<string, Socket> => {
  const sockets = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const leaving = crowd.admit(socket, addressBlock(socket.remoteAddress ?? ""));
    if (leaving !== undefined) onCrowded();
    leaving?.destroy();
    if (leaving === socket) return;
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once("close", () => {
      if (sockets.get(peer) === socket) sockets.delete(peer);
      crowd.leave(socket);
    });
  });
  return sockets;
};

const peerOf = ({ remoteAddress = "", remotePort = 0, localAddress = "" }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
