import { GatehouseError, isError, toGatehouseError, toWireError, type Clock, type Logger } from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";

import { limits } from "./limits.ts";

export interface LiveSocketsOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

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
  /** With the pings that each has not answered. */
  readonly #sockets = new Map<WebSocket, number>();
  #beat: Disposable;

  constructor(options: LiveSocketsOptions) {
    this.#options = options;
    this.#beat = options.clock.schedule(limits.ping, () => this.#ping());
  }

  /**
   * Turns the connection into a WebSocket.
   * @throws GatehouseError `too-many-sessions`, or `request-invalid` for what is no WebSocket's handshake, which was answered
   */
  accept(request: IncomingMessage, head: Buffer): WebSocket {
    if (this.#sockets.size >= limits.liveSockets) {
      throw new GatehouseError("too-many-sessions", `${limits.liveSockets} clients watch over WebSockets already`);
    }
    let opened: WebSocket | undefined;
    // Without a server of its own, `ws` calls back before it returns, or not at all.
    this.#server.handleUpgrade(request, request.socket, head, (socket) => (opened = socket));
    if (opened === undefined) throw new GatehouseError("request-invalid", "this is no WebSocket handshake");
    this.#watch(opened);
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

  #watch(socket: WebSocket): void {
    this.#sockets.set(socket, 0);
    socket.on("error", (error) => {
      this.#options.log.debug("live connection failed", { error: error.message });
      socket.terminate();
    });
    socket.on("message", () => socket.close(sentSomething, "clients send nothing here"));
    socket.on("pong", () => this.#sockets.has(socket) && this.#sockets.set(socket, 0));
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #ping(): void {
    this.#beat = this.#options.clock.schedule(limits.ping, () => this.#ping());
    for (const [socket, unanswered] of [...this.#sockets]) {
      if (unanswered >= toleratedPings) {
        socket.terminate();
        continue;
      }
      socket.ping();
      this.#sockets.set(socket, unanswered + 1);
    }
  }

  /** Lets everybody go. */
  [Symbol.dispose](): void {
    this.#beat[Symbol.dispose]();
    for (const socket of [...this.#sockets.keys()]) socket.terminate();
  }
}
