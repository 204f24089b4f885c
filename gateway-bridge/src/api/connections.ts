import type { LoginId, PrincipalId } from "@gatehouse/shared";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { addressBlock } from "../domain/address-block.ts";
import { limits } from "./limits.ts";

/** Every open connection of the server: how many an address holds, and whose they are. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  /** By the id of a principal, or of a person's login. */
  readonly #of = new Map<PrincipalId | LoginId, Set<Duplex>>();
  /** Requests that are not answered yet. */
  readonly #unanswered = new WeakMap<Duplex, number>();
  /** Those whose one answer may still go out. */
  readonly #spared = new Map<Duplex, "standing" | "ended">();

  /** Counts the server's connections from now on, and refuses what is too many before any TLS is spoken. */
  watch(server: Server): void {
    server.maxConnections = limits.connections;
    server.on("connection", (socket: Socket) => this.#admit(socket));
  }

  #admit(socket: Socket): void {
    const block = addressBlock(socket.remoteAddress ?? "");
    const count = (this.#perAddress.get(block) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      socket.destroy();
      return;
    }
    this.#perAddress.set(block, count);
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(block) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(block);
      else this.#perAddress.set(block, left);
    });
  }

  /** Notes that a principal or a login uses this connection, until it closes. */
  claim(socket: Duplex, owner: PrincipalId | LoginId): void {
    const sockets = this.#of.get(owner) ?? new Set();
    if (sockets.has(socket)) return;
    this.#of.set(owner, sockets.add(socket));
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#of.get(owner) === sockets) this.#of.delete(owner);
    });
  }

  /** Counts the requests on a connection, until each is answered. */
  note(socket: Duplex, change: 1 | -1): void {
    this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 0) + change);
  }

  /** Lets the answer to a request go out that may end its own login; with it, the connection closes. */
  spare(socket: Duplex): Disposable {
    this.#spared.set(socket, "standing");
    return {
      [Symbol.dispose]: () => {
        if (this.#spared.get(socket) === "ended") socket.end(() => socket.destroy());
        this.#spared.delete(socket);
      },
    };
  }

  /** Closes every connection of a principal or a login, and with it whatever it asked. */
  end(owner: PrincipalId | LoginId): void {
    for (const socket of [...(this.#of.get(owner) ?? [])]) {
      // Behind an answer that goes on, the other would wait, and let it go on.
      if (this.#spared.has(socket) && this.#unanswered.get(socket) === 1) this.#spared.set(socket, "ended");
      else socket.destroy();
    }
  }

  endAll(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }
}
