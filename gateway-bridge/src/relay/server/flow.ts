import type { Duplex } from "node:stream";

import type { ByteBudget, Reader } from "./byte-budget.ts";

/**
 * One direction of a channel. What comes is written on as it came; while the other side does not take it, nothing more is read, so that
 * whoever sends feels it. Where it ends, that direction ends, and the other goes on.
 */
export class Flow implements Reader {
  readonly #source: Duplex;
  readonly #sink: Duplex;
  readonly #budget: ByteBudget;
  #bytes = 0;
  #full = false;
  #held = false;

  constructor(source: Duplex, sink: Duplex, budget: ByteBudget) {
    this.#source = source;
    this.#sink = sink;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    this.#sink.on("drain", this.#drained);
    this.#source.once("end", () => this.#sink.end());
    this.#source.on("data", this.#take);
  }

  /** There is budget again. */
  release(): void {
    this.#held = false;
    if (!this.#full) this.#source.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    this.#full = !this.#sink.write(chunk);
    this.#held = !this.#budget.spend(chunk.length, this);
    if (this.#full || this.#held) this.#source.pause();
  };

  readonly #drained = (): void => {
    this.#full = false;
    if (!this.#held) this.#source.resume();
  };
}
