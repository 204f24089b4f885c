import type { Clock, Logger } from "@gatehouse/shared";

const everyMs = 1_000;

/** Counts what was left out of a stream, and writes it to the log at most once a second: a bad link must not flood the log too. */
export class DamageReport implements Disposable {
  readonly #clock: Clock;
  readonly #log: Logger;
  #packets = 0;
  #pictures = 0;
  #due: Disposable | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Packets that were malformed or a stranger's. */
  packets(count: number): void {
    this.#packets += count;
    this.#arm();
  }

  /** Pictures that cannot be put together. */
  pictures(count: number): void {
    this.#pictures += count;
    this.#arm();
  }

  [Symbol.dispose](): void {
    this.#due?.[Symbol.dispose]();
    if (this.#due !== undefined) this.#write();
  }

  #arm(): void {
    this.#due ??= this.#clock.schedule(everyMs, () => this.#write());
  }

  #write(): void {
    this.#log.warn("damaged media was left out", { packets: this.#packets, pictures: this.#pictures });
    this.#packets = 0;
    this.#pictures = 0;
    this.#due = undefined;
  }
}
