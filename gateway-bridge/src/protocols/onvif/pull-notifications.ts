import { isGatehouseError, toGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { Notification } from "./notification.ts";
import { decideAfterPull, firstPullMs, greetingPullMs, pauseBeforePull } from "./pull-point-policy.ts";
import { PullPoint, type PullPointOptions } from "./pull-point.ts";

export interface PullNotificationsOptions extends PullPointOptions, Cancellable {
  readonly sink: (notification: Notification) => void;
  /** Called whenever the camera has answered. */
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
  const { clock, signal } = options;
  const subscribed = clock.monotonic();
  let [pullMs, usualMs, quickCuts] = [greetingPullMs, firstMs, 0];
  let answered = false;
  for (let greeting = true; ; greeting = false) {
    const pull = await pullOnce(point, pullMs, options);
    answered ||= pull.outcome === "answered";
    const ageMs = clock.monotonic() - subscribed;
    const decision = decideAfterPull({ ...pull, pullMs, quickCuts, answered, ageMs });
    if (decision.kind === "subscribe") return usualMs;
    if (decision.kind === "give-up") {
      await clock.delay(decision.pauseMs, { signal });
      throw toGatehouseError(pull.error);
    }
    if (!greeting) usualMs = decision.pullMs;
    [pullMs, quickCuts] = [usualMs, decision.quickCuts];
  }
};

interface PullResult {
  readonly outcome: "answered" | "cut" | "failed";
  readonly code?: ReturnType<typeof toGatehouseError>["code"];
  readonly elapsedMs: number;
  readonly error?: unknown;
}

const pullOnce = async (point: PullPoint, pullMs: number, options: PullNotificationsOptions): Promise<PullResult> => {
  const { clock, signal, sink, healthy } = options;
  const started = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - started;
  try {
    const notifications = await point.pull(pullMs, { signal });
    healthy();
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
