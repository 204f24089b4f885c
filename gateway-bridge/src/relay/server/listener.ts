import { GatehouseError, relayProtocols, systemCode, type Cancellable, type RelayProtocol } from "@gatehouse/shared";
import { constants } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";

import { addressBlock } from "../../domain/address-block.ts";
import { peerPin } from "../protocol/peer-pin.ts";
import { fixedLimits } from "./limits.ts";
import { Lobby, type LobbyLimits } from "./lobby.ts";
import type { ShownKey } from "./relay-keys.ts";

/** Somebody with whom TLS is agreed, and who has said what for. Not a byte of theirs was read. */
export interface Arrival {
  readonly socket: TLSSocket;
  readonly protocol: RelayProtocol;
  readonly address: string;
  /** The address block that limits go by. */
  readonly block: string;
  /** Of the key that they proved to have; undefined for devices, who show none here. */
  readonly pin: string | undefined;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly key: ShownKey;
  readonly limits: LobbyLimits;
  /** Never throws. */
  readonly welcome: (arrival: Arrival) => void;
}

const protocols: ReadonlySet<string> = new Set<string>(Object.values(relayProtocols));

/**
 * The one that every TLS 1.3 must know comes first (RFC 8446 9.1), because it is the quickest: what passes is encrypted once more inside, between
 * device and gateway.
 */
const ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/** The kernel's own queue, before this one. Linux cuts it to net.core.somaxconn. */
const backlog = 4_096;
/** After which silence the kernel asks whether a peer is still there. */
const keepAliveMs = 30_000;
/** How much waits in a socket, bytes: four times Node's own measure, because each time that a flow is held up and let go costs. */
const highWaterMark = 262_144;

/** The relay's one door: TLS 1.3 for those who say by ALPN what they come for, and as many at a time as can be greeted. */
export class Listener implements AsyncDisposable {
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  readonly #lobby: Lobby<Socket>;
  readonly #open = new Set<Socket>();
  /** By peer, because a TLS socket does not tell which connection it is on. */
  readonly #greeted = new Map<string, Socket>();
  readonly #welcome: (arrival: Arrival) => void;
  #turnedAway = 0;

  private constructor({ key, limits, welcome }: ListenerOptions) {
    this.#welcome = welcome;
    this.#tls = createTls(key);
    this.#tls.on("secureConnection", (socket) => this.#greet(socket));
    // The connection is closed with it, which is all that there is to do.
    this.#tls.on("tlsClientError", () => undefined);
    this.#lobby = new Lobby(limits, (socket) => {
      this.#greeted.set(peerOf(socket), socket);
      this.#tls.emit("connection", socket);
    });
    const options = { highWaterMark, pauseOnConnect: true, noDelay: true, keepAlive: true };
    this.#tcp = createServer({ ...options, keepAliveInitialDelay: keepAliveMs }, (socket) => this.#receive(socket));
  }

  /** @throws GatehouseError `address-in-use`, or the signal's reason */
  static async open(options: ListenerOptions, { signal }: Cancellable): Promise<Listener> {
    signal.throwIfAborted();
    const listener = new Listener(options);
    const tcp = listener.#tcp;
    await new Promise<void>((resolve, reject) => {
      const { host, port } = options;
      tcp.once("error", (cause) => reject(cannotListen(options, cause)));
      tcp.listen({ host, port, backlog }, resolve);
    });
    // As when the process has no descriptor left for one more: that one is lost, the others stay.
    tcp.removeAllListeners("error").on("error", () => undefined);
    return listener;
  }

  /** `host:port`. */
  get address(): string {
    const { address, port, family } = this.#tcp.address() as AddressInfo;
    return `${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  get count(): { readonly waiting: number; readonly underWay: number; readonly turnedAway: number } {
    return { ...this.#lobby.count, turnedAway: this.#turnedAway };
  }

  /** Shows another key from the next handshake on. */
  present(key: ShownKey): void {
    this.#tls.setSecureContext(contextOf(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const socket of [...this.#open]) socket.destroy();
    await closed;
  }

  #receive(socket: Socket): void {
    socket.on("error", () => undefined);
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || !this.#lobby.arrive(socket, addressBlock(remoteAddress))) {
      this.#turnedAway += 1;
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    // Afterwards it does not tell any more.
    const peer = peerOf(socket);
    socket.once("close", () => this.#forget(socket, peer));
  }

  #forget(socket: Socket, peer: string): void {
    this.#open.delete(socket);
    this.#lobby.leave(socket);
    if (this.#greeted.get(peer) === socket) this.#greeted.delete(peer);
  }

  #greet(socket: TLSSocket): void {
    // Whatever fails on it closes it, and that is watched.
    socket.on("error", () => undefined);
    const peer = peerOf(socket);
    const raw = this.#greeted.get(peer);
    this.#greeted.delete(peer);
    if (raw !== undefined) this.#lobby.leave(raw);
    const { alpnProtocol, remoteAddress: address } = socket;
    if (
      raw === undefined ||
      address === undefined ||
      typeof alpnProtocol !== "string" ||
      !protocols.has(alpnProtocol)
    ) {
      socket.destroy();
      return;
    }
    const protocol = alpnProtocol as RelayProtocol;
    this.#welcome({ socket, protocol, address, block: addressBlock(address), pin: peerPin(socket) });
  }
}

const contextOf = ({ key, cert }: ShownKey) =>
  ({
    key,
    cert,
    minVersion: "TLSv1.3",
    ciphers,
    // Whoever comes back shows its key anew.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }) as const;

const createTls = (key: ShownKey): TlsServer =>
  createTlsServer({
    ...contextOf(key),
    highWaterMark,
    ALPNProtocols: [...protocols],
    handshakeTimeout: fixedLimits.handshake,
    requestCert: true,
    // Gateways certify themselves, and no authority stands above them: the handshake proves that they have the key, and which key that
    // is decides who they are. Whoever shows none, or one that was not enrolled, gets nowhere.
    rejectUnauthorized: false,
  });

const peerOf = ({ remoteAddress = "", remotePort = 0, localAddress = "" }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;

const cannotListen = ({ host, port }: ListenerOptions, cause: Error): GatehouseError => {
  const code = systemCode(cause);
  const why = code === "EADDRINUSE" ? "is taken" : "cannot be listened on";
  return new GatehouseError("address-in-use", `${host} port ${port} ${why}`, { cause });
};
