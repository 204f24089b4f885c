/** Of a counter that wraps: 16 for sequence numbers, 32 for timestamps. */
export type CounterBits = 16 | 32;

/** Of all numbers that equal `value` modulo 2^bits, the one nearest to `reference`. Exact up to 2^53. */
export const nearestTo = (reference: number, value: number, bits: CounterBits): number => {
  // Shifting takes its left side modulo 2^32, and the sign comes out of the uppermost bit that is left.
  const unused = 32 - bits;
  return reference + (((value - reference) << unused) >> unused);
};

/** Follows a counter that wraps at 2^16 or 2^32 and gives values that do not: each is the one nearest to the value before it. */
export class CounterUnwrapper {
  readonly #bits: CounterBits;
  #last: number | undefined;

  constructor(bits: CounterBits) {
    this.#bits = bits;
  }

  /** The unwrapped value. The first is returned as it is; one that reaches back before the first can be negative. */
  next(value: number): number {
    this.#last = this.peek(value);
    return this.#last;
  }

  /** What `next` would return, without following it. */
  peek(value: number): number {
    return this.#last === undefined ? value : nearestTo(this.#last, value, this.#bits);
  }
}
