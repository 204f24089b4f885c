/** Guesses at once that a person who mistypes makes, and how often one more is allowed: no more than 20 in any hour. */
export const accountGuesses: GuessRate = { burst: 5, refillMs: 4 * 60_000 };
/** A household shares one address, and strangers may share it with them. */
export const addressGuesses: GuessRate = { burst: 20, refillMs: 90_000 };

export interface GuessRate {
  readonly burst: number;
  readonly refillMs: number;
}

/** Guesses that are left. `at` is when one was last gained, by Clock.now(), so that a restart gives nobody new ones. */
export interface GuessAllowance {
  readonly left: number;
  readonly at: number;
}

export type GuessVerdict =
  | { readonly kind: "evaluated"; readonly allowance: GuessAllowance }
  | { readonly kind: "refused"; readonly allowance: GuessAllowance; readonly retryInMs: number };

/** What is left now. Times of the future count as now: a clock that was set back neither gives guesses nor takes them for long. */
export const refill = (before: GuessAllowance | undefined, rate: GuessRate, now: number): GuessAllowance => {
  if (before === undefined) return { left: rate.burst, at: now };
  const at = Math.min(before.at, now);
  const gained = Math.floor((now - at) / rate.refillMs);
  const left = before.left + gained;
  return left >= rate.burst ? { left: rate.burst, at: now } : { left, at: at + gained * rate.refillMs };
};

/** Whether one more guess is looked at. What is refused costs nothing and tells nothing: it is refused whether it is right or wrong. */
export const spendGuess = (before: GuessAllowance | undefined, rate: GuessRate, now: number): GuessVerdict => {
  const allowance = refill(before, rate, now);
  if (allowance.left <= 0) return { kind: "refused", allowance, retryInMs: allowance.at + rate.refillMs - now };
  return { kind: "evaluated", allowance: { ...allowance, left: allowance.left - 1 } };
};

/** What was right was no guess. */
export const giveBack = ({ left, at }: GuessAllowance, { burst }: GuessRate): GuessAllowance => ({
  left: Math.min(burst, left + 1),
  at,
});
