import type { PrincipalId } from "@gatehouse/shared";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { addressBlock } from "../domain/address-block.ts";
import { limits } from "./limits.ts";

/** Every open connection of the server: how many an address holds, and whose they are. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #ofPrincipal = new Map<PrincipalId, Set<Duplex>>();

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

  /** Notes that a principal uses this connection, until it closes. */
  claim(socket: Duplex, principal: PrincipalId): void {
    const sockets = this.#ofPrincipal.get(principal) ?? new Set();
    if (sockets.has(socket)) return;
    this.#ofPrincipal.set(principal, sockets.add(socket));
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#ofPrincipal.get(principal) === sockets) this.#ofPrincipal.delete(principal);
    });
  }

  /** Closes every connection of a principal, and with it whatever it asked. */
  end(principal: PrincipalId): void {
    for (const socket of [...(this.#ofPrincipal.get(principal) ?? [])]) socket.destroy();
  }

  endAll(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }
}
