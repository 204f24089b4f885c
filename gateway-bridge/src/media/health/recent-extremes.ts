/** How long a value is remembered at least; at most twice as long. */
export const rememberedMs = 120_000;

interface Span {
  readonly since: number;
  least: number;
  most: number;
}

/** The least and the most of a row of values over the last minutes, in constant space and time. */
export class RecentExtremes {
  #present: Span | undefined;
  #past: Span | undefined;

  /** @param now of Clock.monotonic(), never less than before */
  note(value: number, now: number): void {
    if (this.#present === undefined || now - this.#present.since >= rememberedMs) {
      this.#past = this.#present;
      this.#present = { since: now, least: value, most: value };
    }
    this.#present.least = Math.min(this.#present.least, value);
    this.#present.most = Math.max(this.#present.most, value);
  }

  get least(): number | undefined {
    return this.#of(Math.min, "least");
  }

  get most(): number | undefined {
    return this.#of(Math.max, "most");
  }

  clear(): void {
    this.#present = undefined;
    this.#past = undefined;
  }

  #of(choose: (a: number, b: number) => number, end: "least" | "most"): number | undefined {
    const present = this.#present?.[end];
    const past = this.#past?.[end];
    return present === undefined || past === undefined ? present : choose(present, past);
  }
}
