import { onAbort, type Cancellable } from "@gatehouse/shared";

/** Lets so many in at a time, in the order in which they came. */
export class Turnstile {
  #free: number;
  /** A set keeps its order, and forgets who left. */
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  get isCrowded(): boolean {
    return this.#free === 0;
  }

  /** @returns what gives the place back @throws the signal's reason */
  async enter({ signal }: Cancellable): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let inside = true;
    const leave = (): void => {
      if (inside) this.#leave();
      inside = false;
    };
    return { [Symbol.dispose]: leave };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const admitted = Promise.withResolvers<undefined>();
    const admit = (): void => admitted.resolve(undefined);
    this.#waiting.add(admit);
    using _aborted = onAbort(signal, (reason) => {
      // Whoever was let in a moment ago is in, and has to leave like everybody.
      if (this.#waiting.delete(admit)) admitted.reject(reason);
    });
    await admitted.promise;
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
