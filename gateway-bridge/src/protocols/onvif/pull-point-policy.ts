import type { ErrorCode } from "@gatehouse/shared";

/** How long the first PullMessages may wait in the camera for something to happen. */
export const firstPullMs = 30_000;
/** How much longer than that an answer may take. */
export const answerGraceMs = 10_000;
/**
 * How long a subscription lives without renewal. Short, because one that a crash leaves behind occupies one of the
 * camera's few places until it ends by itself.
 */
export const subscriptionMs = 120_000;
/** Unsubscribing must not hold up an end. */
export const unsubscribeMs = 2_000;

/** The first wait is short: the camera has the present state ready, and that it answers at all is news. */
export const greetingPullMs = 1_000;
/** A subscription that breaks sooner was no good, and another at once would be none either. */
export const provenMs = 10_000;
/** Some cameras freeze when they are asked for many subscriptions: two are at least so far apart. */
export const spacingMs = 5_000;

const quickMs = 2_000;
const mostQuickCuts = 3;

/** How one PullMessages went. */
export interface Pull {
  /** `cut`: the camera closed the connection instead of answering, which is its way of saying that nothing happened. */
  readonly outcome: "answered" | "cut" | "failed";
  /** Of the failure. */
  readonly code?: ErrorCode;
  readonly elapsedMs: number;
  /** How long it was allowed to wait. */
  readonly pullMs: number;
  /** Cuts in a row that came at once. */
  readonly quickCuts: number;
  /** Whether this subscription has ever answered. */
  readonly answered: boolean;
  /** Since it was made. */
  readonly ageMs: number;
}

export type AfterPull =
  | { readonly kind: "pull"; readonly pullMs: number; readonly quickCuts: number }
  /** The subscription is gone or useless: make another. */
  | { readonly kind: "subscribe" }
  /** Trying again at once would be no better: after this pause, the supervisor waits. */
  | { readonly kind: "give-up"; readonly pauseMs: number };

export const decideAfterPull = (pull: Pull): AfterPull => {
  const { outcome, code, elapsedMs, pullMs, quickCuts, answered, ageMs } = pull;
  if (outcome === "answered") return { kind: "pull", pullMs, quickCuts: 0 };
  if (outcome === "cut" && elapsedMs >= quickMs) {
    // Tapo cuts after 10 s. Asking for a second less from now on gets an answer before it does.
    const shorter = Math.floor((elapsedMs - 1_000) / 1_000) * 1_000;
    return { kind: "pull", pullMs: Math.min(pullMs, Math.max(1_000, shorter)), quickCuts: 0 };
  }
  if (outcome === "cut" && quickCuts + 1 < mostQuickCuts) return { kind: "pull", pullMs, quickCuts: quickCuts + 1 };
  const passing = outcome === "cut" || passingCodes.includes(code ?? "internal");
  if (passing && answered && ageMs >= provenMs) return { kind: "subscribe" };
  // A camera that is gone takes no subscription, so it needs no sparing.
  const gone = outcome === "failed" && code === "camera-unreachable";
  return { kind: "give-up", pauseMs: gone ? 0 : Math.max(0, spacingMs - ageMs) };
};

/** What the end of a subscription looks like, as opposed to a camera with which something is wrong. */
const passingCodes: readonly ErrorCode[] = ["camera-fault", "camera-unreachable", "camera-answer-malformed"];

/** Pause before the next pull, so that a camera that answers at once with nothing, or without end, is not asked in a spin. */
export const pauseBeforePull = ({
  elapsedMs,
  messages,
}: {
  readonly elapsedMs: number;
  readonly messages: number;
}): number => Math.max(0, (messages === 0 ? 1_000 : 50) - elapsedMs);

/** When to renew, from the moment of subscribing: well before the end that the camera granted, whatever it granted. */
export const renewAfterMs = (grantedMs: number | undefined): number =>
  Math.min(subscriptionMs, Math.max(10_000, grantedMs ?? subscriptionMs)) / 2;
