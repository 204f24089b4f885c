import type { Clock } from "@gatehouse/shared";

/** Rows one caller's denials may write at once, and how often one more is allowed. */
export const denialBurst = 20;
export const denialRefillMs: number = 10 * 60_000;

interface Bucket {
  tokens: number;
  refilledAt: number;
  leftOut: number;
}

/**
 * Keeps a caller that is refused over and over from filling the audit log and its disk.
 * Strangers share one budget, so the number of callers is that of principals.
 */
export class DenialBudget {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many denials were left out since the last row, if this one is to be written; undefined if it is left out too. */
  take(caller: string): number | undefined {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(caller) ?? { tokens: denialBurst, refilledAt: now, leftOut: 0 };
    this.#buckets.set(caller, bucket);
    const gained = Math.floor((now - bucket.refilledAt) / denialRefillMs);
    bucket.tokens = Math.min(denialBurst, bucket.tokens + gained);
    bucket.refilledAt += gained * denialRefillMs;
    if (bucket.tokens === 0) {
      bucket.leftOut += 1;
      return undefined;
    }
    bucket.tokens -= 1;
    const { leftOut } = bucket;
    bucket.leftOut = 0;
    return leftOut;
  }

  /** How many were left out since the last row, which are counted anew from here. */
  settle(caller: string): number {
    const bucket = this.#buckets.get(caller);
    if (bucket === undefined) return 0;
    const { leftOut } = bucket;
    bucket.leftOut = 0;
    return leftOut;
  }
}
