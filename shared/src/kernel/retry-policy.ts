import type { ErrorCode, Retry } from "./errors.ts";

export interface RetryContext {
  /** Failures in a row, this one included; 1 or more. */
  readonly failures: number;
  readonly retry: Retry;
  readonly code: ErrorCode;
  /** In [0, 1). */
  readonly random: number;
}

/** First and longest pause between two tries. */
export const firstPauseMs = 500;
export const longestPauseMs = 60_000;
/** Cameras lock accounts for 30 minutes after a few wrong logins; a refused password is tried again after that only. */
export const credentialsPauseMs = 35 * 60_000;

/**
 * Milliseconds to wait before the next try: exponential with jitter over the upper half, at most 60 s, which is where
 * a failure starts that only a person can mend. Refused credentials wait until a camera's lock-out is surely over.
 */
export const pauseBeforeRetry = ({ failures, retry, code, random }: RetryContext): number => {
  if (code === "camera-credentials") return credentialsPauseMs;
  const exponential =
    retry === "never" ? longestPauseMs : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(exponential / 2 + (exponential / 2) * random);
};
