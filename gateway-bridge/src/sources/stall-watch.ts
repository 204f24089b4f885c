import type { Clock } from "@gatehouse/shared";

/** Calls once when `noteProgress` was not called for a while. Noting costs one reading of the clock, never a timer. */
export class StallWatch implements Disposable {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #stalled: () => void;
  #lastAt: number;
  #timer: Disposable;

  constructor(clock: Clock, ms: number, stalled: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#stalled = stalled;
    this.#lastAt = clock.monotonic();
    this.#timer = clock.schedule(ms, () => this.#look());
  }

  /** @param at Clock.monotonic() */
  noteProgress(at: number): void {
    this.#lastAt = at;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #look(): void {
    const left = this.#lastAt + this.#ms - this.#clock.monotonic();
    if (left <= 0) this.#stalled();
    else this.#timer = this.#clock.schedule(left, () => this.#look());
  }
}
