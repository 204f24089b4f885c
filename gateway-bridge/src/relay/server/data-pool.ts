import { onAbort, type Cancellable } from "@gatehouse/shared";
import type { TLSSocket } from "node:tls";

import { fixedLimits } from "./limits.ts";

/** A gateway's connections that wait for a channel each. Whoever finds none waits for the next one, in order. */
export class DataPool implements Disposable {
  readonly #idle = new Map<TLSSocket, () => void>();
  readonly #takers = new Set<(socket: TLSSocket | undefined) => void>();
  #closed = false;

  get idle(): number {
    return this.#idle.size;
  }

  /** One more, which nobody reads but its channel. What the pool has no use for is closed. */
  offer(socket: TLSSocket): void {
    if (socket.destroyed) return;
    const [taker] = this.#takers;
    if (taker !== undefined) {
      this.#takers.delete(taker);
      taker(socket);
      return;
    }
    if (this.#closed || this.#idle.size >= fixedLimits.idleData) socket.destroy();
    else this.#keep(socket);
  }

  /** Undefined when none came until the signal aborted. */
  async take({ signal }: Cancellable): Promise<TLSSocket | undefined> {
    const [found] = this.#idle;
    if (found !== undefined) {
      this.#let(...found);
      return found[0];
    }
    if (this.#closed || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const taker = (socket: TLSSocket | undefined): void => {
        abort[Symbol.dispose]();
        resolve(socket);
      };
      const abort = onAbort(signal, () => {
        this.#takers.delete(taker);
        resolve(undefined);
      });
      this.#takers.add(taker);
    });
  }

  /** Closes those that wait. */
  empty(): void {
    for (const [socket, unwatch] of [...this.#idle]) {
      this.#let(socket, unwatch);
      socket.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.empty();
    for (const taker of [...this.#takers]) taker(undefined);
    this.#takers.clear();
  }

  #keep(socket: TLSSocket): void {
    // It has nothing to say before it is asked: what comes is its end, or out of turn.
    const drop = (): void => {
      this.#let(socket, unwatch);
      socket.destroy();
    };
    const unwatch = (): void => void socket.off("readable", drop).off("close", drop);
    socket.on("readable", drop).once("close", drop);
    this.#idle.set(socket, unwatch);
  }

  #let(socket: TLSSocket, unwatch: () => void): void {
    unwatch();
    this.#idle.delete(socket);
  }
}
