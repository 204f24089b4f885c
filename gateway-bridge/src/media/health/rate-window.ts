const spanMs = 1_000;
/** Whole seconds that a rate is taken over, besides the one that runs. */
const spans = 5;

interface Span {
  /** Which second it counts. */
  second: number;
  bytes: number;
  pictures: number;
}

export interface Rates {
  readonly bitrateKbps: number;
  readonly fps: number;
}

/** Bits and pictures a second over the last five seconds, counted without a timer and without allocating. */
export class RateWindow {
  readonly #spans: readonly Span[] = Array.from({ length: spans + 1 }, () => ({ second: -1, bytes: 0, pictures: 0 }));
  #since: number | undefined;

  /** @param at of Clock.monotonic() */
  add(bytes: number, pictures: number, at: number): void {
    this.#since ??= at;
    const second = Math.floor(at / spanMs);
    const span = this.#spans[second % this.#spans.length];
    if (span === undefined) return;
    if (span.second !== second) {
      span.second = second;
      span.bytes = 0;
      span.pictures = 0;
    }
    span.bytes += bytes;
    span.pictures += pictures;
  }

  /** In the first second they are of that whole second, too low rather than absurd. */
  read(now: number): Rates {
    const second = Math.floor(now / spanMs);
    const counted = this.#spans.filter((span) => span.second >= second - spans && span.second <= second);
    const from = Math.max((second - spans) * spanMs, this.#since ?? now);
    const ms = Math.max(spanMs, now - from);
    const sum = (of: "bytes" | "pictures"): number => counted.reduce((total, span) => total + span[of], 0);
    return { bitrateKbps: (sum("bytes") * 8) / ms, fps: (sum("pictures") * 1_000) / ms };
  }

  /** The stream begins anew. */
  clear(): void {
    this.#since = undefined;
    for (const span of this.#spans) span.second = -1;
  }
}
