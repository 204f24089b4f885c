import type { Clock } from "@gatehouse/shared";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

import type { ByteBudget, Reader } from "./byte-budget.ts";
import { SpentChunks } from "./spent-chunks.ts";

export interface FlowOptions {
  readonly source: Duplex;
  readonly sink: Duplex;
  readonly budget: ByteBudget;
  readonly clock: Clock;
}

/**
 * One direction of a channel. What comes is written on as it came; while the other side does not take it, nothing more is read, so that
 * whoever sends feels it. Where it ends, that direction ends, and the other goes on.
 */
export class Flow implements Reader {
  readonly #source: Duplex;
  readonly #sink: Duplex;
  readonly #budget: ByteBudget;
  readonly #clock: Clock;
  /** Between two connections alone: there each chunk has memory of its own, and is encrypted when it counts as written. */
  readonly #spent: SpentChunks | undefined;
  #bytes = 0;
  #stalledMs = 0;
  /** Since when the other side takes nothing, by the monotonic clock. */
  #fullSince: number | undefined;
  #held = false;

  constructor({ source, sink, budget, clock }: FlowOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#budget = budget;
    this.#clock = clock;
    if (source instanceof TLSSocket && sink instanceof TLSSocket) this.#spent = new SpentChunks();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How long it waited, in all, for the other side to take more. */
  get stalledMs(): number {
    return this.#stalledMs + (this.#fullSince === undefined ? 0 : this.#clock.monotonic() - this.#fullSince);
  }

  start(): void {
    this.#sink.on("drain", this.#drained);
    this.#source.once("end", () => this.#sink.end());
    this.#source.on("data", this.#take);
    // Its end may have come with the last thing that was read of it before.
    if (this.#source.readableEnded) this.#sink.end();
  }

  /** There is budget again. */
  release(): void {
    this.#held = false;
    if (this.#fullSince === undefined) this.#source.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    const { length } = chunk;
    this.#bytes += length;
    if (!this.#write(chunk)) this.#fullSince ??= this.#clock.monotonic();
    this.#held = !this.#budget.spend(length, this);
    if (this.#fullSince !== undefined || this.#held) this.#source.pause();
  };

  #write(chunk: Buffer): boolean {
    if (this.#spent === undefined) return this.#sink.write(chunk);
    this.#spent.add(chunk);
    return this.#sink.write(chunk, this.#spent.written);
  }

  readonly #drained = (): void => {
    this.#stalledMs = this.stalledMs;
    this.#fullSince = undefined;
    if (!this.#held) this.#source.resume();
  };
}
