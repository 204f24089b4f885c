import type { Clock } from "./clock.ts";
import { GatehouseError, type ErrorCode } from "./errors.ts";

/** Last parameter of everything that waits. */
export interface Cancellable {
  readonly signal: AbortSignal;
}

/** Why something ended, as an AbortSignal's reason. */
export type StopReason = "closed" | "replaced" | "shutdown" | "failed";

export const stopped = (why: StopReason): GatehouseError =>
  new GatehouseError("aborted", `stopped: ${why}`, { details: { why } });

/** Runs `run` once when the signal aborts (at once if it has), until disposed. */
export const onAbort = (signal: AbortSignal, run: (reason: unknown) => void): Disposable => {
  const listener = (): void => run(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
};

export interface Deadline extends Cancellable {
  readonly clock: Clock;
  readonly ms: number;
  /** What was waited for, for the message: "the camera's answer". */
  readonly what: string;
  readonly code?: ErrorCode;
}

/** Runs `run` with a signal that aborts with the caller's, or after `ms` with an error of `code` (default `timeout`). */
export const withDeadline = async <T>(deadline: Deadline, run: (cancel: Cancellable) => Promise<T>): Promise<T> => {
  const { clock, ms, what, code = "timeout" } = deadline;
  deadline.signal.throwIfAborted();
  const controller = new AbortController();
  const timer = clock.schedule(ms, () =>
    controller.abort(new GatehouseError(code, `no sign of ${what} within ${ms} ms`)),
  );
  const outer = onAbort(deadline.signal, (reason) => controller.abort(reason));
  try {
    return await untilAborted(controller.signal, run({ signal: controller.signal }));
  } finally {
    timer[Symbol.dispose]();
    outer[Symbol.dispose]();
  }
};

/** The promise's outcome, or the signal's reason as soon as it aborts. */
export const untilAborted = async <T>(signal: AbortSignal, promise: Promise<T>): Promise<T> => {
  const aborted = Promise.withResolvers<never>();
  const listening = onAbort(signal, (reason) => aborted.reject(reason));
  aborted.promise.catch(() => undefined);
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    listening[Symbol.dispose]();
  }
};
