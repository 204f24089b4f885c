import type { Clock } from "@gatehouse/shared";

/** Who reads on once there is room again. */
export interface Reader {
  release(): void;
}

/** A token bucket over what one gateway's channels read, of one second's worth. Costs a subtraction for each chunk until it is empty. */
export class ByteBudget implements Disposable {
  readonly #clock: Clock;
  readonly #waiting = new Set<Reader>();
  #bytesPerSecond: number;
  #left: number;
  #filled: number;
  #timer: Disposable | undefined;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = bytesPerSecond;
    this.#filled = clock.monotonic();
  }

  set bytesPerSecond(value: number) {
    this.#fill();
    this.#bytesPerSecond = value;
    this.#left = Math.min(this.#left, value);
  }

  /** Whether the reader may read on. Where not, it is released when it may. */
  spend(bytes: number, reader: Reader): boolean {
    if (this.#left < bytes) this.#fill();
    this.#left -= bytes;
    if (this.#left >= 0) return true;
    this.#waiting.add(reader);
    this.#timer ??= this.#clock.schedule(this.#untilRoom(), () => this.#releaseAll());
    return false;
  }

  /** Its channel is gone. */
  forget(reader: Reader): void {
    this.#waiting.delete(reader);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#waiting.clear();
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const more = ((now - this.#filled) / 1_000) * this.#bytesPerSecond;
    this.#left = Math.min(this.#bytesPerSecond, this.#left + more);
    this.#filled = now;
  }

  #untilRoom(): number {
    return Math.max(1, Math.ceil((-this.#left / this.#bytesPerSecond) * 1_000));
  }

  #releaseAll(): void {
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // Each may spend again at once, and wait again.
    for (const reader of waiting) reader.release();
  }
}
