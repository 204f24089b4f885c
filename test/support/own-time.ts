import { setTimeout as pause } from "node:timers/promises";

/** What a turn of a plain loop may take, on a box with nothing else to do. */
const turnMs = 10;
const longestTurnMs = 25;

/**
 * Time as this process had it, in milliseconds: a turn of a plain loop beside everything else counts for no longer than it takes on a quiet box, or
 * than this thread worked in it. By this a promise about time can be judged where all that has to keep it is in the same process: while that was not
 * given the processor, nothing in it was late.
 */
export class OwnTime implements Disposable {
  #now = 0;
  #lookedAt = performance.now();
  #worked = process.threadCpuUsage();
  readonly #loop = setInterval(() => this.now(), turnMs).unref();

  now(): number {
    const at = performance.now();
    const { user, system } = process.threadCpuUsage(this.#worked);
    const passed = at - this.#lookedAt;
    this.#now += Math.min(passed, Math.max(longestTurnMs, (user + system) / 1_000));
    this.#worked = process.threadCpuUsage();
    this.#lookedAt = at;
    return this.#now;
  }

  /** Resolves once this much of it has passed. */
  async pass(ms: number): Promise<void> {
    const end = this.now() + ms;
    while (this.now() < end) await pause(turnMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#loop);
  }
}
