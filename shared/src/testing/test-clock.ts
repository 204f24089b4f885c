import { delayWith, type Clock } from "../kernel/clock.ts";

/** A clock that stands still until told to move. */
export class TestClock implements Clock {
  #now: number;
  #next = 0;
  readonly #due = new Map<number, { readonly at: number; readonly run: () => void }>();

  constructor(start = 1_700_000_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  schedule(ms: number, run: () => void): Disposable {
    const key = this.#next++;
    this.#due.set(key, { at: this.#now + ms, run });
    return { [Symbol.dispose]: () => this.#due.delete(key) };
  }

  readonly delay = delayWith(this);

  /** How many timers wait. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves time forward, running what falls due in order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const first = [...this.#due]
        .filter(([, timer]) => timer.at <= end)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (first === undefined) break;
      const [key, timer] = first;
      this.#due.delete(key);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets every promise reaction that is ready run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
