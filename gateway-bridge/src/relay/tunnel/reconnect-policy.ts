import type { RetryContext } from "@gatehouse/shared";

/** The shortest pause, and the longest one before a relay that cannot be reached. */
export const shortestPauseMs = 1_000;
export const longestPauseMs = 60_000;
/** A relay that does not know this gateway has to be told by its operator first. */
export const refusedPauseMs = 300_000;
/** A relay that closes for a while has sent all its gateways away at once. */
export const drainedPauseMs = 20_000;

/**
 * Milliseconds to wait before the relay is dialled again: full jitter between the shortest pause and a limit that doubles with each failure,
 * so that thousands of gateways that lost their relay at once do not come back at once.
 */
export const pauseBeforeReconnect = ({ failures, code, retry, random }: RetryContext): number => {
  if (code === "relay-refused") return Math.round(refusedPauseMs * (1 + random / 10));
  const doubled = retry === "never" ? longestPauseMs : shortestPauseMs * 2 ** Math.min(failures, 16);
  const limit = Math.min(longestPauseMs, code === "relay-busy" ? Math.max(doubled, drainedPauseMs) : doubled);
  return Math.round(shortestPauseMs + (limit - shortestPauseMs) * random);
};
