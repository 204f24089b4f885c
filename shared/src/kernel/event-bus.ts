import type { Logger } from "./logger.ts";

/** Hands each event to every listener, in order and synchronously. A listener that throws is logged and harms no other. */
export class EventBus<T> {
  readonly #listeners = new Set<(event: T) => void>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  emit(event: T): void {
    for (const listener of [...this.#listeners]) {
      // An earlier listener may have disposed of this one.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#log.error("event listener failed", { error: String(error) });
      }
    }
  }

  on(listener: (event: T) => void): Disposable {
    const own = (event: T): void => listener(event);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => this.#listeners.delete(own) };
  }
}
