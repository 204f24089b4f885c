import {
  GatehouseError,
  isError,
  toGatehouseError,
  toWireError,
  type Clock,
  type Logger,
  type LoginId,
  type Principal,
  type PrincipalId,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";

import { assertRoom, type Occupant, type RoomLimits } from "../domain/room-policy.ts";
import { limits } from "./limits.ts";

export interface LiveSocketsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly principals: { get(id: PrincipalId): Pick<Principal, "revoked"> | undefined };
}

export interface NewWatcher extends Occupant {
  /** Whether that is still who it was: its rights may have ended, or its login. */
  readonly stands: () => boolean;
}

interface Watcher extends NewWatcher {
  /** Pings without an answer. */
  unanswered: number;
}

const room: RoomLimits = {
  total: limits.liveSockets,
  perBlock: limits.liveSocketsPerAddress,
  perPrincipal: limits.liveSocketsPerPrincipal,
  perLogin: limits.liveSocketsPerLogin,
};
const sentSomething = 1008;
const failed = 1011;
const toleratedPings = 2;

/** The WebSockets that live pictures go out on. Clients send nothing over them. */
export class LiveSockets implements Disposable {
  readonly #options: LiveSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.webSocketMessage,
    perMessageDeflate: false,
  });
  readonly #sockets = new Map<WebSocket, Watcher>();
  #beat: Disposable;

  constructor(options: LiveSocketsOptions) {
    this.#options = options;
    this.#beat = options.clock.schedule(limits.ping, () => this.#ping());
  }

  /**
   * Turns the connection into a WebSocket.
   * @throws GatehouseError `too-many-sessions`, or `request-invalid` for what is no WebSocket's handshake, which was answered
   */
  accept(request: IncomingMessage, head: Buffer, newcomer: NewWatcher): WebSocket {
    assertRoom("live views", { taken: [...this.#sockets.values()], newcomer, limits: room });
    let opened: WebSocket | undefined;
    // Without a server of its own, `ws` calls back before it returns, or not at all.
    this.#server.handleUpgrade(request, request.socket, head, (socket) => (opened = socket));
    if (opened === undefined) throw new GatehouseError("request-invalid", "this is no WebSocket handshake");
    this.#watch(opened, { ...newcomer, unanswered: 0 });
    return opened;
  }

  /** Tells the client why there is nothing to see, and closes. */
  refuse(socket: WebSocket, thrown: unknown): void {
    const error = toGatehouseError(thrown);
    if (error.code === "internal") {
      const cause = isError(error.cause) ? error.cause : error;
      this.#options.log.error("live view failed", { error: error.message, stack: cause.stack });
    }
    if (socket.readyState !== socket.OPEN) return;
    socket.send(JSON.stringify({ kind: "end", ...toWireError(error) }));
    socket.close(failed, error.code);
  }

  /** Tells those who watch as this principal, or by this login, that it has ended; their connections are closed next. */
  end(owner: PrincipalId | LoginId): void {
    for (const [socket, { principal, login }] of [...this.#sockets]) {
      // Behind pictures that wait the word would come after them, and there is to be none any more.
      if ((principal !== owner && login !== owner) || socket.bufferedAmount > 0) continue;
      const isGone = this.#options.principals.get(principal)?.revoked !== null;
      this.refuse(
        socket,
        isGone
          ? new GatehouseError("access-denied", "this client may do nothing here any more")
          : new GatehouseError("unauthenticated", "this login has ended"),
      );
    }
  }

  #watch(socket: WebSocket, watcher: Watcher): void {
    this.#sockets.set(socket, watcher);
    socket.on("error", (error) => {
      this.#options.log.debug("live connection failed", { error: error.message });
      socket.terminate();
    });
    socket.on("message", () => socket.close(sentSomething, "clients send nothing here"));
    socket.on("pong", () => (watcher.unanswered = 0));
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #ping(): void {
    this.#beat = this.#options.clock.schedule(limits.ping, () => this.#ping());
    for (const [socket, watcher] of [...this.#sockets]) {
      if (watcher.unanswered >= toleratedPings || !this.#stands(watcher)) socket.terminate();
      else socket.ping();
      watcher.unanswered += 1;
    }
  }

  /** While nobody can be looked up (a failing disk), nobody is known: this runs in a timer, where a throw would end the gateway. */
  #stands({ stands }: Watcher): boolean {
    try {
      return stands();
    } catch (error) {
      this.#options.log.error("viewer could not be looked up", { error: String(error) });
      return false;
    }
  }

  /** Lets everybody go. */
  [Symbol.dispose](): void {
    this.#beat[Symbol.dispose]();
    for (const socket of [...this.#sockets.keys()]) socket.terminate();
  }
}
