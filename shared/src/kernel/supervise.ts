import type { Cancellable } from "./abort.ts";
import type { Clock } from "./clock.ts";
import { toGatehouseError, type GatehouseError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { pauseBeforeRetry } from "./retry-policy.ts";

export interface SuperviseOptions extends Cancellable {
  /** The work. Ends only by throwing why, or by being aborted. Calls `healthy` once it works, which forgets earlier failures. */
  readonly run: (cancel: Cancellable & { readonly healthy: () => void }) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  readonly onFailure?: (error: GatehouseError, retryInMs: number) => void;
  /** Aborting the returned signal's wait early, e.g. because a camera said Hello. */
  readonly wake?: (retryNow: () => void) => Disposable;
}

/** The one retry loop of the project. Resolves when the signal aborts; never rejects. */
export const supervise = async (options: SuperviseOptions): Promise<void> => {
  const { run, clock, log, random, signal, onFailure, wake } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await run({ signal, healthy: () => (failures = 0) });
    } catch (cause) {
      if (isAborted(signal)) return;
      failures += 1;
      const error = toGatehouseError(cause);
      const forMs = pauseBeforeRetry({ failures, retry: error.retry, code: error.code, random: random() });
      log.warn("failed; trying again", { code: error.code, message: error.message, failures, retryInMs: forMs });
      onFailure?.(error, forMs);
      await pause(clock, forMs, signal, wake);
    }
  }
};

/** A function, so that the compiler does not take the loop condition's answer for granted after an await. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

const pause = async (clock: Clock, ms: number, signal: AbortSignal, wake: SuperviseOptions["wake"]): Promise<void> => {
  const early = new AbortController();
  const waking = wake?.(() => early.abort());
  try {
    await clock.delay(ms, { signal: AbortSignal.any([signal, early.signal]) });
  } catch {
    // Either the owner stopped us (the loop looks at the signal) or somebody asked for a try now.
  } finally {
    waking?.[Symbol.dispose]();
  }
};
