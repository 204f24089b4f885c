import { GatehouseError, onAbort, type Cancellable } from "@gatehouse/shared";

/** A password costs 46 MiB and a core for some 60 ms while it is hashed. */
const places = 2;
/** Waiting at most, of those that are known and of strangers each. */
const mostWaiting = 16;
/** What the whole queue takes. */
const busyMs = 2_000;

/** The few places at which passwords are hashed at the same time. Who signed in before goes first, so that strangers hold nobody up. */
export class Places {
  readonly #waiting: { readonly known: Set<() => void>; readonly strangers: Set<() => void> } = {
    known: new Set(),
    strangers: new Set(),
  };
  #taken = 0;

  /** @throws GatehouseError `too-many-guesses` where too many wait already, or the signal's reason while it waits */
  async run<T>(who: "known" | "strangers", work: () => Promise<T>, cancel: Cancellable): Promise<T> {
    cancel.signal.throwIfAborted();
    if (this.#taken < places) this.#taken += 1;
    else await this.#wait(this.#waiting[who], cancel);
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  /** Resolves with a place that somebody left. */
  async #wait(queue: Set<() => void>, { signal }: Cancellable): Promise<void> {
    if (queue.size >= mostWaiting) {
      const details = { retryInMs: busyMs };
      throw new GatehouseError("too-many-guesses", "too many sign in at this moment", { details });
    }
    const turn = Promise.withResolvers<undefined>();
    const enter = (): void => turn.resolve(undefined);
    queue.add(enter);
    const leaving = onAbort(signal, (reason) => {
      // Whoever was given a place already takes it, to pass it on.
      if (queue.delete(enter)) turn.reject(reason);
    });
    try {
      await turn.promise;
    } finally {
      leaving[Symbol.dispose]();
    }
  }

  #pass(): void {
    const { known, strangers } = this.#waiting;
    const queue = known.size > 0 ? known : strangers;
    const [next] = queue;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    queue.delete(next);
    next();
  }
}
