import { fixedLimits } from "./limits.ts";

/** How many frames a gateway may still send on its control stream: each costs the relay work, and a healthy gateway has few to send. */
export class ControlBudget {
  #left: number = fixedLimits.controlBurst;
  #filled: number;

  constructor(now: number) {
    this.#filled = now;
  }

  /** Whether one more is within it. @param now on a clock that never steps back, in ms */
  spend(now: number): boolean {
    const more = ((now - this.#filled) / 1_000) * fixedLimits.controlPerSecond;
    this.#left = Math.min(fixedLimits.controlBurst, this.#left + more) - 1;
    this.#filled = now;
    return this.#left >= 0;
  }
}
