import { GatehouseError, onAbort, type Cancellable } from "@gatehouse/shared";

/** So many may go on at a time; the others wait in their order, and only so many of those. */
export class Slots {
  readonly #mostWaiting: number;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor({ slots, waiting }: { readonly slots: number; readonly waiting: number }) {
    this.#free = slots;
    this.#mostWaiting = waiting;
  }

  /** A slot, until it is disposed of. @throws GatehouseError `too-many-requests`, or the signal's reason */
  async take({ signal }: Cancellable): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    const slot = new DisposableStack();
    slot.defer(() => this.#giveBack());
    return slot;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) {
      throw new GatehouseError("too-many-requests", "as much goes on at a time as may, and as much waits for its turn");
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const go = (): void => resolve(undefined);
    this.#waiting.add(go);
    using _abort = onAbort(signal, (reason) => {
      if (this.#waiting.delete(go)) reject(reason);
    });
    await promise;
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
