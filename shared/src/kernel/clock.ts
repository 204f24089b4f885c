import type { Cancellable } from "./abort.ts";

/** Time as a dependency, so that tests can move it. All times are milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never steps back. */
  monotonic(): number;
  /** Calls `run` once after `ms`, unless disposed before. Does not keep the process alive. */
  schedule(ms: number, run: () => void): Disposable;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  delay(ms: number, cancel: Cancellable): Promise<void>;
}

const delayBy = (clock: Pick<Clock, "schedule">, ms: number, { signal }: Cancellable): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => {
      timer[Symbol.dispose]();
      reject(signal.reason as Error);
    };
    const timer = clock.schedule(ms, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });

/** Longer timers of Node fire at once, so those are waited for in pieces. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule: (ms, run) => {
    const end = systemClock.monotonic() + ms;
    const wait = (left: number): NodeJS.Timeout => {
      const piece = left > longestTimer ? () => void (timer = wait(end - systemClock.monotonic())) : run;
      return setTimeout(piece, Math.min(left, longestTimer)).unref();
    };
    let timer = wait(ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  delay: (ms, cancel) => delayBy(systemClock, ms, cancel),
};

/** Builds `delay` for another clock out of its `schedule`. */
export const delayWith =
  (clock: Pick<Clock, "schedule">): Clock["delay"] =>
  (ms, cancel) =>
    delayBy(clock, ms, cancel);
