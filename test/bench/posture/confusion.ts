import type { FindingStatus } from "@gatehouse/shared";

import type { FleetTruth } from "../fleet-farm/farm.ts";

/** What one check said of cameras, beside how they are. */
export interface CheckScore {
  /** Weak, and told. */
  readonly found: number;
  /** Weak, and not told, for whatever reason but the next. */
  readonly missed: number;
  /**
   * Weak, and left for later: it is behind a weakness that was told, or could not be looked at because of one that was told and shuts out the
   * gateway's own login.
   */
  readonly behind: number;
  /** Sound, or nothing that such a camera can have, and told as a weakness. */
  readonly falsePositives: number;
  /** Sound, and not told. */
  readonly cleared: number;
}
export type Confusion = Readonly<Record<string, CheckScore>>;

/** What was said of one camera, by check. */
export type Findings = ReadonlyMap<string, FindingStatus>;

type Cell = keyof CheckScore;
const none: CheckScore = { found: 0, missed: 0, behind: 0, falsePositives: 0, cleared: 0 };

/** The camera shows another key than it was adopted with, or has forgotten its accounts: no login is sent, or none is right. */
const shutOut = ["TLS-PIN-CHANGED", "CAM-INIT"];

/** A weakness that was not told, though it is there, and not because of one that was. */
export const isMissed = (truth: FleetTruth[string] | undefined, check: string, findings: Findings): boolean => {
  const status = findings.get(check);
  if (truth !== "weak" || status === "failed" || status === "behind") return false;
  return status !== "unknown" || !shutOut.some((cause) => findings.get(cause) === "failed");
};

const cellOf = (truth: FleetTruth[string], check: string, findings: Findings): Cell | undefined => {
  const told = findings.get(check) === "failed";
  if (truth === "weak") return told ? "found" : isMissed(truth, check, findings) ? "missed" : "behind";
  if (told) return "falsePositives";
  return truth === "sound" ? "cleared" : undefined;
};

/** With one camera more. */
export const score = (confusion: Confusion, truth: FleetTruth, findings: Findings): Confusion => {
  const next: Record<string, CheckScore> = { ...confusion };
  for (const [check, how] of Object.entries(truth)) {
    const before = next[check] ?? none;
    const cell = cellOf(how, check, findings);
    next[check] = cell === undefined ? before : { ...before, [cell]: before[cell] + 1 };
  }
  return next;
};

export interface Totals extends CheckScore {
  /** Found of all that were not behind another. */
  readonly recall: number;
}

/** Over all checks. */
export const total = (confusion: Confusion): Totals => {
  const scores = Object.values(confusion);
  const sum = (cell: Cell): number => scores.reduce((all, each) => all + each[cell], 0);
  const [found, missed] = [sum("found"), sum("missed")];
  const rest = { behind: sum("behind"), falsePositives: sum("falsePositives"), cleared: sum("cleared") };
  return { found, missed, ...rest, recall: found / (found + missed) };
};
