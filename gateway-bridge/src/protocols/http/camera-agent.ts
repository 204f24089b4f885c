import {
  GatehouseError,
  connectPinned,
  isError,
  onAbort,
  withDeadline,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import { Agent, type ClientRequestArgs } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { throughGate, type ConnectionGate } from "../tcp/connection-gate.ts";

export interface CameraAgentOptions {
  /** SHA-256 of the camera's public key, base64url: then every connection is TLS and shows that key. Null: plain TCP. */
  readonly pin: string | null;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Counts the connections; none does unless given. */
  readonly gate?: ConnectionGate | undefined;
}

/** Cheap cameras fall over when more connections are open. */
const mostConnections = 4;
const idleMs = 15_000;

/** Keeps few connections to one camera. A pinned one is handed to HTTP only after its key matched, so no byte of a request comes before. */
export class CameraAgent extends Agent {
  readonly #options: CameraAgentOptions;
  readonly #closing = new AbortController();

  constructor(options: CameraAgentOptions) {
    super({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: 1, timeout: idleMs });
    this.#options = options;
  }

  override createConnection(
    target: ClientRequestArgs,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { clock, connectTimeoutMs: ms } = this.#options;
    const place = { host: target.host ?? "", port: Number(target.port) };
    withDeadline(
      { clock, ms, what: "a connection to the camera", code: "camera-unreachable", signal: this.#closing.signal },
      (cancel) => this.#connect(place, cancel),
    ).then(
      (socket) => callback(null, socket),
      (error: unknown) => (callback as (error: unknown) => void)(error),
    );
    return undefined;
  }

  /** Closes the connections that nobody uses at the moment. */
  closeIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  #connect(place: { readonly host: string; readonly port: number }, cancel: Cancellable): Promise<Socket> {
    const { gate } = this.#options;
    return throughGate({ gate, to: place }, () => this.#connectNow(place, cancel), cancel);
  }

  #connectNow(place: { readonly host: string; readonly port: number }, cancel: Cancellable): Promise<Socket> {
    const { pin } = this.#options;
    if (pin === null) return connectPlain(place, cancel);
    const expected = Buffer.from(pin, "base64url");
    return connectPinned(
      {
        ...place,
        name: "the camera",
        accepts: (shown) => shown.equals(expected),
        mismatch: "camera-fingerprint-changed",
        unreachable: "camera-unreachable",
      },
      cancel,
    );
  }

  override destroy(): void {
    this.#closing.abort(new GatehouseError("aborted", "the connection to the camera was closed"));
    super.destroy();
  }
}

const connectPlain = (
  place: { readonly host: string; readonly port: number },
  { signal }: Cancellable,
): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...place, noDelay: true });
    const listening = onAbort(signal, (reason) => socket.destroy(isError(reason) ? reason : undefined));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      listening[Symbol.dispose]();
      resolve(socket);
    });
    socket.once("close", () => listening[Symbol.dispose]());
  });
