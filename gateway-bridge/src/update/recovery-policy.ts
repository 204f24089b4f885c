import type { UpdateJournal } from "./journal.ts";

/** What to do about an update that was cut off. */
export type Recovery =
  | { readonly kind: "nothing" }
  /** Nothing has changed that the gateway knows of: throw away what was prepared, and let `current` lead to the old version. */
  | { readonly kind: "discard" }
  /** Put the old version, and the database from before, back. */
  | { readonly kind: "return" }
  /** The new version runs, or is about to: judge it by its health. */
  | { readonly kind: "judge" }
  /** The new version is about to start once more without a verdict. */
  | { readonly kind: "count" }
  /** It has run for so long that it is the state now. */
  | { readonly kind: "finish" };

/** After so many starts that nobody has judged, in a short time, the new version is taken back. */
const mostStarts = 3;
/** A version that fails at its start does so sooner. */
const settledAfter = 15 * 60_000;

/**
 * @param beforeStart whether the gateway is just about to be started, so that its health cannot be asked for
 */
export const recoveryOf = (journal: UpdateJournal, now: number, beforeStart: boolean): Recovery => {
  switch (journal.step) {
    case "idle":
      return { kind: "nothing" };
    case "fetching":
    case "unpacking":
    case "trying":
    case "switching":
      return { kind: "discard" };
    case "returning":
      return { kind: "return" };
    case "starting":
      if (!beforeStart) return { kind: "judge" };
      if (Math.abs(now - journal.at) > settledAfter) return { kind: "finish" };
      return { kind: journal.starts < mostStarts ? "count" : "return" };
  }
};
