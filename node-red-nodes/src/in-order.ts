import type { Logger } from "@gatehouse/shared";

/** Does jobs at the same time, and delivers their outcomes one after the other, in the order in which they came. */
export class InOrder {
  readonly #limit: number;
  readonly #log: Logger;
  #pending = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param limit how many may be under way */
  constructor(limit: number, log: Logger) {
    this.#limit = limit;
    this.#log = log;
  }

  /**
   * Starts a job, which answers how to deliver its outcome.
   * @returns false when there are too many: then it was not started
   */
  start(job: () => Promise<() => void>): boolean {
    if (this.#pending >= this.#limit) return false;
    this.#pending += 1;
    this.#last = this.#deliver(job(), this.#last);
    return true;
  }

  async #deliver(job: Promise<() => void>, earlier: Promise<void>): Promise<void> {
    try {
      const [outcome] = await Promise.all([job, earlier]);
      outcome();
    } catch (error) {
      // Nobody else hears of it: an error that got out of here would end Node-RED.
      this.#log.error("a job failed", { error: String(error) });
    } finally {
      this.#pending -= 1;
    }
  }
}
