/** Waits until there is what is looked for among things that come. */
export class Lookout {
  readonly #waiting = new Set<() => void>();

  /** Something came. */
  look(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** The first thing that `find` finds, there or to come; `late` says what is missing when it did not come in time. */
  async until<T>(find: () => T | undefined, late: () => string, withinMs: number): Promise<T> {
    const found = Promise.withResolvers<T>();
    const look = (): void => {
      const thing = find();
      if (thing === undefined) return;
      this.#waiting.delete(look);
      found.resolve(thing);
    };
    const timer = setTimeout(() => found.reject(new Error(`${late()} within ${withinMs} ms`)), withinMs);
    this.#waiting.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }
}
