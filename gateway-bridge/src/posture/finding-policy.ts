import type { FindingStatus, Severity } from "@gatehouse/shared";

import type { Outcome } from "./check.ts";

/** What a look can bring by itself; the others follow from what the owner said. */
export type SeenStatus = Exclude<FindingStatus, "accepted" | "stated">;

/** What was seen this time. */
export interface Sighting {
  readonly status: SeenStatus;
  readonly severity: Severity;
  readonly evidence: readonly string[];
  /** Why nobody could look, or which check it is behind. */
  readonly note: string | null;
  /** Whether it was the budget that did not let anybody look. */
  readonly refused: boolean;
}

/** What is known, over all looks. Times in ms since the epoch. */
export interface KnownFinding {
  readonly status: SeenStatus;
  readonly severity: Severity;
  readonly evidence: readonly string[];
  readonly note: string | null;
  /** Since when it is like this. */
  readonly since: number;
  /** When it was last found out; null while it never could be. */
  readonly seen: number | null;
  /** What was seen once, and has to be seen again to count. */
  readonly pending: "failed" | "passed" | null;
}

const mostEvidence = 32;
const longestEvidence = 500;

/** Texts of cameras are in it: one line each, bounded. */
export const evidenceOf = (lines: readonly string[]): readonly string[] =>
  lines.slice(0, mostEvidence).map((line) => line.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, longestEvidence)); // prettier-ignore

/** @param severity of the check, where the outcome says no other */
export const sightingOf = (outcome: Outcome, severity: Severity): Sighting => {
  switch (outcome.kind) {
    case "failed": {
      const evidence = evidenceOf(outcome.evidence);
      return { status: "failed", severity: outcome.severity ?? severity, evidence, note: null, refused: false };
    }
    case "passed":
      return { status: "passed", severity, evidence: evidenceOf(outcome.evidence ?? []), note: null, refused: false };
    case "not-applicable":
    case "unknown":
    case "behind":
      return { ...blank(outcome.kind, severity), note: evidenceOf([outcome.why])[0] ?? null };
  }
};

/** Nobody looked, because what it would find follows from another weakness. */
export const behind = (parentTitle: string, severity: Severity): Sighting => ({
  ...blank("behind", severity),
  note: `First: ${parentTitle}`,
});

const blank = (status: SeenStatus, severity: Severity): Sighting => ({
  status,
  severity,
  evidence: [],
  note: null,
  refused: false,
});

const contradicts = (a: SeenStatus, b: SeenStatus): boolean =>
  (a === "failed" && b === "passed") || (a === "passed" && b === "failed");

/** Whether a sighting counts only once it was seen twice: cameras reboot, drop packets, and answer nonsense for a moment. */
export const wantsSecondLook = (known: KnownFinding | undefined, first: Sighting): boolean =>
  known !== undefined && contradicts(known.status, first.status) && known.pending !== first.status;

export interface Merge {
  readonly known: KnownFinding | undefined;
  readonly first: Sighting;
  /** Where one was wanted. */
  readonly second?: Sighting | undefined;
  readonly now: number;
}

/** What is known after a look. */
export const merge = ({ known, first, second, now }: Merge): KnownFinding => {
  if (second === undefined || second.status === first.status) return settle(known, first, now);
  if (known === undefined) return settle(known, second, now);
  // A password that was refused once is refused: the budget is what kept it from being tried again.
  if (second.status === "unknown" && second.refused) return settle(known, first, now);
  if (second.status === "unknown" && first.status !== "unknown") {
    const pending = first.status === "failed" || first.status === "passed" ? first.status : null;
    return { ...known, pending, note: second.note };
  }
  return settle(known, second, now);
};

const settle = (known: KnownFinding | undefined, sighting: Sighting, now: number): KnownFinding => {
  const { status, severity, evidence, note } = sighting;
  const since = known?.status === status ? known.since : now;
  const fresh = { status, severity, evidence, note, since, pending: null };
  switch (status) {
    case "unknown":
      // What was found out before still holds.
      if (known !== undefined && known.status !== "behind" && known.status !== "unknown") return { ...known, note };
      return { ...fresh, seen: known?.seen ?? null };
    case "behind":
      return { ...fresh, seen: known?.seen ?? null };
    case "failed":
    case "passed":
    case "not-applicable":
      return { ...fresh, seen: now };
  }
};
