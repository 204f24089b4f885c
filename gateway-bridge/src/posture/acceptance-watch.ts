import { supervise, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import type { KeptAcceptance, PostureStore } from "./posture-store.ts";

export interface AcceptanceWatchOptions {
  readonly store: Pick<PostureStore, "acceptances" | "withdraw">;
  /** It counts no more. */
  readonly onEnded: (ended: KeptAcceptance) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Nothing is accepted for less than a day, so what comes to it meanwhile is known in time; and a clock that was set is noticed. */
const longestPauseMs = 3_600_000;
const shortestPauseMs = 1_000;

/**
 * Ends what was accepted for a time when that is over, and tells, each of them once: what a gateway that was off did not see end is told at its
 * next start. Resolves when the signal aborts.
 */
export const watchAcceptances = (options: AcceptanceWatchOptions): Promise<void> => {
  const { clock, log, random, signal } = options;
  return supervise({ run: (cancel) => lookAgainAndAgain(options, cancel), clock, log, random, signal });
};

const lookAgainAndAgain = async (options: AcceptanceWatchOptions, cancel: Cancellable): Promise<never> => {
  const { store, onEnded, clock } = options;
  for (;;) {
    const now = clock.now();
    for (const kept of store.acceptances()) if (kept.acceptance.until <= now && store.withdraw(kept)) onEnded(kept);
    const ends = store.acceptances().map(({ acceptance }) => acceptance.until - now);
    await clock.delay(Math.max(shortestPauseMs, Math.min(longestPauseMs, ...ends)), cancel);
  }
};
