export interface BudgetOptions {
  /** In a row. */
  readonly most: number;
  /** How many of them a second forgives. */
  readonly forgivenEachSecond: number;
}

/** Channels that no device asked for. An honest relay checks first: what is refused are those that met a revocation on the way. */
export const nonsenseBudget: BudgetOptions = { most: 64, forgivenEachSecond: 8 };
/** Channels for which there is no room. An honest relay has limits of its own. */
export const crowdBudget: BudgetOptions = { most: 1_024, forgivenEachSecond: 64 };

/** How many channels a relay may have refused before the tunnel is given up. */
export class RefusalBudget {
  readonly #options: BudgetOptions;
  #left: number;
  #at: number;

  /** @param now milliseconds that never step back */
  constructor(options: BudgetOptions, now: number) {
    this.#options = options;
    this.#left = options.most;
    this.#at = now;
  }

  /** @returns whether there is still patience */
  spend(now: number): boolean {
    const { most, forgivenEachSecond } = this.#options;
    this.#left = Math.min(most, this.#left + ((now - this.#at) / 1_000) * forgivenEachSecond) - 1;
    this.#at = now;
    return this.#left >= 0;
  }
}
