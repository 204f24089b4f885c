/** Refused channels in a row, and how many of them a second forgives. */
export const mostRefusals = 64;
const forgivenEachMs = 8 / 1_000;

/**
 * How much nonsense a relay may send before the tunnel is given up. An honest one checks before it opens a channel: what is refused here
 * are those that met a revocation on the way.
 */
export class RefusalBudget {
  #left = mostRefusals;
  #at: number;

  /** @param now milliseconds that never step back */
  constructor(now: number) {
    this.#at = now;
  }

  /** @returns whether there is still patience */
  spend(now: number): boolean {
    this.#left = Math.min(mostRefusals, this.#left + (now - this.#at) * forgivenEachMs) - 1;
    this.#at = now;
    return this.#left >= 0;
  }
}
