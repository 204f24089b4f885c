/** `evaluated`: it was looked at, and was right or wrong. `refused`: it was not even looked at. */
export type GuessOutcome = "evaluated" | "refused";

/** How many passwords, codes, links and pairing strings were tried since the gateway began. */
export class GuessCount {
  readonly #counts: Record<GuessOutcome, number> = { evaluated: 0, refused: 0 };

  add(outcome: GuessOutcome): void {
    this.#counts[outcome] += 1;
  }

  get counts(): Readonly<Record<GuessOutcome, number>> {
    return { ...this.#counts };
  }
}
