/** Of all numbers that equal `value` modulo `span`, the one nearest to `reference`. Exact up to 2^53. */
export const nearestTo = (reference: number, value: number, span: number): number => {
  const ahead = (((value - reference) % span) + span) % span;
  return reference + (ahead < span / 2 ? ahead : ahead - span);
};

/** Follows a counter that wraps at 2^16 or 2^32 and gives values that do not: each is the one nearest to the value before it. */
export class CounterUnwrapper {
  readonly #span: number;
  #last: number | undefined;

  constructor(bits: 16 | 32) {
    this.#span = 2 ** bits;
  }

  /** The unwrapped value. The first is returned as it is; one that reaches back before the first can be negative. */
  next(value: number): number {
    this.#last = this.peek(value);
    return this.#last;
  }

  /** What `next` would return, without following it. */
  peek(value: number): number {
    return this.#last === undefined ? value : nearestTo(this.#last, value, this.#span);
  }
}
