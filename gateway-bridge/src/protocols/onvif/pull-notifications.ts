import { isGatehouseError, toGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { Notification } from "./notification.ts";
import { decideAfterPull, firstPullMs, pauseBeforePull, provenMs, type AfterPull } from "./pull-point-policy.ts";
import { PullPoint, type PullPointOptions } from "./pull-point.ts";

export interface PullNotificationsOptions extends PullPointOptions, Cancellable {
  readonly sink: (notification: Notification) => void;
  /** Called when the camera answers over a subscription that has held for a while. */
  readonly healthy: () => void;
}

/**
 * Brings a camera's events for as long as that works: renews, waits again where the camera hangs up on a wait, and subscribes
 * anew where the subscription got lost. Ends only by throwing why (its caller supervises it), or the signal's reason.
 */
export const pullNotifications = async (options: PullNotificationsOptions): Promise<never> => {
  let pullMs = firstPullMs;
  for (;;) {
    await using point = await PullPoint.subscribe(options, options);
    pullMs = await pullUntilLost(point, pullMs, options);
  }
};

/** Returns how long pulls may take with this camera, once its subscription is lost. */
const pullUntilLost = async (point: PullPoint, firstMs: number, options: PullNotificationsOptions): Promise<number> => {
  let next = { pullMs: firstMs, quickCuts: 0 };
  const subscribed = options.clock.monotonic();
  let answered = false;
  for (;;) {
    const pull = await pullOnce(point, next.pullMs, options);
    answered ||= pull.outcome === "answered";
    const proven = answered && options.clock.monotonic() - subscribed >= provenMs;
    if (proven && pull.outcome === "answered") options.healthy();
    const decision: AfterPull = decideAfterPull({ ...pull, ...next, proven });
    if (decision.kind === "subscribe") return next.pullMs;
    if (decision.kind === "give-up") throw toGatehouseError(pull.error);
    next = decision;
  }
};

interface PullResult {
  readonly outcome: "answered" | "cut" | "failed";
  readonly code?: ReturnType<typeof toGatehouseError>["code"];
  readonly elapsedMs: number;
  readonly error?: unknown;
}

const pullOnce = async (point: PullPoint, pullMs: number, options: PullNotificationsOptions): Promise<PullResult> => {
  const { clock, signal, sink } = options;
  const started = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - started;
  try {
    const notifications = await point.pull(pullMs, { signal });
    notifications.forEach(sink);
    const elapsedMs = elapsed();
    const pauseMs = pauseBeforePull({ elapsedMs, messages: notifications.length });
    if (pauseMs > 0) await clock.delay(pauseMs, { signal });
    return { outcome: "answered", elapsedMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGatehouseError(error)) throw error;
    const cut = error.code === "camera-unreachable" && error.details["disconnected"] === true;
    return { outcome: cut ? "cut" : "failed", code: error.code, elapsedMs: elapsed(), error };
  }
};
