import type { ErrorCode, Retry } from "@gatehouse/shared";

import type { OpenPhase } from "./run-phase.ts";

/** A camera that refused a password, or that must not be asked again yet, is left alone for longer than it locks accounts. */
export const lockWindowMs = 36 * 60_000;
const secondMs = 1_000;
const firstPauseMs = 5_000;
const longestPauseMs = 2 * 60_000;
/** After so many starts of the gateway that ended in the middle of it, a change is taken back. */
const mostStarts = 3;
/** A camera that must not be asked yet is waited for before it was told anything: nothing is in doubt meanwhile. */
const mostWaits = 3;
/** So often a part is tried again that failed for a passing reason; a login that may be changed is never given up. */
const mostFailures = { remembering: 0, applying: 0, verifying: 12, committing: 20, undoing: 20 } as const;

/**
 * What to do about a part that did not come to its end. `again` it is begun anew after so long. `undo` what was done is taken back.
 * `fail` nothing was changed, or nothing more can be done.
 */
export type Recovery =
  { readonly kind: "again"; readonly inMs: number } | { readonly kind: "undo" } | { readonly kind: "fail" };

export interface Interruption {
  readonly phase: OpenPhase;
  /** How often the gateway was started during this phase. */
  readonly starts: number;
}

/** What to do, at a start of the gateway, about a run that the end of the process before has cut off. */
export const recoveryOf = ({ phase, starts }: Interruption): Recovery => {
  switch (phase) {
    case "remembering":
      return starts < mostStarts ? { kind: "again", inMs: 0 } : { kind: "fail" };
    case "applying":
    case "verifying":
      return starts < mostStarts ? { kind: "again", inMs: 0 } : { kind: "undo" };
    case "committing":
    case "undoing":
      return { kind: "again", inMs: 0 };
  }
};

export interface Failure {
  readonly phase: OpenPhase;
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** Failures of this phase so far, this one included. */
  readonly failures: number;
  /** When the budget allows it again, where that is what stood in the way. */
  readonly retryInMs?: number | undefined;
  /** The camera's login is being changed: whoever gives up may lock everybody out. */
  readonly changesLogin: boolean;
}

/** How long to wait before something is written again that could not be written. */
export const pauseOfWriting = (failures: number): number =>
  Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);

/** What to do about a part that failed. */
export const afterFailure = (failure: Failure): Recovery => {
  const { phase, code, failures, changesLogin } = failure;
  if (phase === "undoing" && code === "remedy-failed") return { kind: "fail" };
  const patient = phase === "undoing" && changesLogin;
  const most = phase === "remembering" && code === "probe-refused" ? mostWaits : mostFailures[phase];
  if ((patient || failures <= most) && passes(failure, patient)) {
    return { kind: "again", inMs: pauseOf(failure) };
  }
  return phase === "applying" || phase === "verifying" ? { kind: "undo" } : { kind: "fail" };
};

/** Whether it may go better another time. */
const passes = ({ code, retry }: Failure, patient: boolean): boolean =>
  patient || retry === "later" || code === "camera-credentials";

const pauseOf = ({ code, failures, retryInMs }: Failure): number => {
  if (code === "probe-refused" && retryInMs !== undefined) return Math.min(retryInMs + secondMs, lockWindowMs);
  if (code === "probe-refused" || code === "camera-credentials") return lockWindowMs;
  return Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
};
