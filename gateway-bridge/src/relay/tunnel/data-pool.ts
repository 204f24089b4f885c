import {
  GatehouseError,
  stopped,
  supervise,
  untilAborted,
  untilReadable,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";
import type { Duplex } from "node:stream";

import { pauseBeforeReconnect } from "./reconnect-policy.ts";

export interface DataPoolOptions {
  /** A new data connection, which the relay has been told the tunnel of. */
  readonly dial: (cancel: Cancellable) => Promise<Duplex>;
  /** Judges the channel that a connection begins with; false where it was refused. Owns the connection. */
  readonly take: (stream: Duplex, cancel: Cancellable) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/**
 * Data connections that wait for a channel each, as many as the relay asked for. One that is used is followed by another at once; where they
 * fail, or end unused, the next ones come ever more slowly, whatever the relay asks for.
 */
export class DataPool implements AsyncDisposable {
  readonly #options: DataPoolOptions;
  readonly #stopping = new AbortController();
  readonly #filling: Promise<void>;
  readonly #waiting = new Map<Duplex, AbortController>();
  #wanted = 0;
  #spoiled = false;
  #changed = Promise.withResolvers<undefined>();

  private constructor(options: DataPoolOptions) {
    this.#options = options;
    const { clock, log, random } = options;
    const { signal } = this.#stopping;
    const run = (cancel: Cancellable & { readonly healthy: () => void }): Promise<never> => this.#fill(cancel);
    this.#filling = supervise({ run, pauseBefore: pauseBeforeReconnect, clock, log, random, signal });
  }

  /** Empty, until somebody wants connections. */
  static open(options: DataPoolOptions): DataPool {
    return new DataPool(options);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** From now on that many should wait; ends what is too many. */
  want(count: number): void {
    this.#wanted = count;
    for (const stop of [...this.#waiting.values()].slice(count)) stop.abort(stopped("closed"));
    this.#wake();
  }

  async #fill({ signal, healthy }: Cancellable & { readonly healthy: () => void }): Promise<never> {
    for (;;) {
      const changed = this.#changed.promise;
      if (this.#spoiled) {
        this.#spoiled = false;
        throw new GatehouseError("relay-unreachable", "the relay ended a connection that waited for a channel");
      }
      if (this.#waiting.size >= this.#wanted) await untilAborted(signal, changed);
      else void this.#wait(await this.#options.dial({ signal }), healthy);
    }
  }

  async #wait(stream: Duplex, healthy: () => void): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stopping.signal]);
    this.#waiting.set(stream, stop);
    const taken = await this.#use(stream, { signal });
    this.#waiting.delete(stream);
    if (taken) healthy();
    else if (!signal.aborted) this.#spoiled = true;
    this.#wake();
  }

  async #use(stream: Duplex, { signal }: Cancellable): Promise<boolean> {
    await untilReadable(stream, { signal }).catch(() => undefined);
    // It ended, or is not needed any more: that was no channel.
    if (signal.aborted || stream.readableLength === 0) {
      stream.destroy();
      return false;
    }
    return this.#options.take(stream, { signal });
  }

  #wake(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(stopped("closed"));
    await this.#filling;
  }
}
