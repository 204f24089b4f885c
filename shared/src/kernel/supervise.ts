import type { Cancellable } from "./abort.ts";
import type { Clock } from "./clock.ts";
import { toGatehouseError, type GatehouseError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { firstPauseMs, pauseBeforeRetry, type RetryContext } from "./retry-policy.ts";

export interface SuperviseOptions extends Cancellable {
  /**
   * The work. Throws why it failed; returning means that there is no more to do. Calls `healthy` once it works, which
   * forgets earlier failures.
   */
  readonly run: (cancel: Cancellable & { readonly healthy: () => void }) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  /** How long to wait before the next try, in ms; `pauseBeforeRetry` unless given. */
  readonly pauseBefore?: (failure: RetryContext) => number;
  readonly onFailure?: (error: GatehouseError, retryInMs: number) => void;
  /**
   * Subscribes to reasons for trying early, e.g. a camera's Hello. Strangers can cause those, so the shortest pause is
   * kept all the same, and so is the whole one after refused credentials, which counts against a camera's lock-out.
   */
  readonly wake?: (retryNow: () => void) => Disposable;
}

/** The one retry loop of the project. Resolves when the work returns or the signal aborts; never rejects. */
export const supervise = async (options: SuperviseOptions): Promise<void> => {
  const { run, clock, random, signal, wake, pauseBefore = pauseBeforeRetry } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await run({ signal, healthy: () => (failures = 0) });
      return;
    } catch (cause) {
      if (isAborted(signal)) return;
      failures += 1;
      const error = toGatehouseError(cause);
      const forMs = pauseBefore({ failures, retry: error.retry, code: error.code, random: random() });
      report(options, { error, failures, forMs });
      await pause(clock, forMs, { signal, wake: error.code === "camera-credentials" ? undefined : wake });
    }
  }
};

/** A function, so that the compiler does not take the loop condition's answer for granted after an await. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

interface Failure {
  readonly error: GatehouseError;
  readonly failures: number;
  readonly forMs: number;
}

const report = ({ log, onFailure }: SuperviseOptions, { error, failures, forMs }: Failure): void => {
  log.warn("failed; trying again", { code: error.code, message: error.message, failures, retryInMs: forMs });
  try {
    onFailure?.(error, forMs);
  } catch (fault) {
    log.error("failure listener failed", { error: String(fault) });
  }
};

const pause = async (
  clock: Clock,
  ms: number,
  { signal, wake }: Cancellable & Pick<SuperviseOptions, "wake">,
): Promise<void> => {
  const early = new AbortController();
  const waking = wake?.(() => early.abort());
  const shortest = Math.min(ms, firstPauseMs);
  try {
    await clock.delay(shortest, { signal });
    await clock.delay(ms - shortest, { signal: AbortSignal.any([signal, early.signal]) });
  } catch {
    // Either the owner stopped us (the loop looks at the signal) or somebody asked for a try now.
  } finally {
    waking?.[Symbol.dispose]();
  }
};
