import { GatehouseError, isError, systemCode } from "@gatehouse/shared";
import { once } from "node:events";
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { addressBlock } from "../../domain/address-block.ts";
import type { ServerCertificates } from "../../ports.ts";
import { presentCertificates } from "../../protocols/tls/present-certificates.ts";
import { limits } from "./limits.ts";
import type { Places } from "./places.ts";

export interface RtspListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined for a listener that anybody on the way can read. */
  readonly tls: ServerCertificates | undefined;
  /** Of connections that nobody has logged in on, for each address block. */
  readonly strangers: Places<string>;
  /** A connection is there; inside TLS once that is agreed. It gives its place back when somebody has logged in. */
  readonly accept: (socket: Socket, place: Disposable) => void;
}

/** One open port, with as many connections as are good for it. */
export class RtspListener implements AsyncDisposable {
  readonly port: number;
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    const { address, port } = server.address() as AddressInfo;
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
    this.address = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** @throws GatehouseError `address-in-use`, `config-invalid` where it cannot listen */
  static async open({ host, port, tls, strangers, accept }: RtspListenerOptions): Promise<RtspListener> {
    const server = tls === undefined ? createServer({ noDelay: true }) : createTls(tls);
    const { sockets, places } = watchConnections(server, strangers);
    server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      const place = places.get(peerOf(socket));
      if (place !== undefined && !socket.destroyed) accept(socket, place);
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
    for (const socket of [...this.#sockets]) socket.destroy();
    await closed;
  }
}

/** TLS 1.2 for the recorders and televisions that know no better; with forward secrecy and authenticated ciphers alone. */
const tlsPolicy = {
  minVersion: "TLSv1.2",
  ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20",
} as const;

const createTls = (certificates: ServerCertificates): Server => {
  const server = createTlsServer({ handshakeTimeout: limits.tlsHandshake, noDelay: true });
  const presented = presentCertificates(server, certificates, tlsPolicy);
  server.once("close", () => presented[Symbol.dispose]());
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
};

interface Watched {
  readonly sockets: ReadonlySet<Socket>;
  /** By peer, because a TLS socket does not tell which connection it is on. */
  readonly places: ReadonlyMap<string, Disposable>;
}

/** Refuses what is too many before any TLS is spoken. */
const watchConnections = (server: Server, strangers: Places<string>): Watched => {
  const sockets = new Set<Socket>();
  const places = new Map<string, Disposable>();
  server.maxConnections = limits.connections;
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    const place = strangers.take(addressBlock(socket.remoteAddress ?? ""));
    if (place === undefined) {
      socket.destroy();
      return;
    }
    places.set(peer, place);
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      places.delete(peer);
      place[Symbol.dispose]();
    });
  });
  return { sockets, places };
};

const peerOf = ({ remoteAddress = "", remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;
