import type { FindingStatus } from "@gatehouse/shared";

import type { FleetTruth } from "../fleet-farm/farm.ts";

/** What one check said of cameras, beside how they are. */
export interface CheckScore {
  /** Weak, and told. */
  readonly found: number;
  /** Weak, and not told, for whatever reason but the next. */
  readonly missed: number;
  /** Weak, and left for later because of a weakness that is there and was told: one that it is behind, or that shuts out the gateway's login. */
  readonly behind: number;
  /** Sound, or nothing that such a camera can have, and told as a weakness. */
  readonly falsePositives: number;
  /** Sound, and not told. */
  readonly cleared: number;
}
export type Confusion = Readonly<Record<string, CheckScore>>;

/** What was said of one camera, by check. */
export type Findings = ReadonlyMap<string, FindingStatus>;

/** One camera: how it is, and what was said of it. */
export interface Judged {
  readonly truth: FleetTruth;
  readonly findings: Findings;
}

/** What the checks say of themselves. */
export interface JudgedCheck {
  readonly id: string;
  readonly scope: "camera" | "home" | "stated";
  /** While one of these fails, nobody looks. */
  readonly parents?: readonly string[];
}

type Cell = keyof CheckScore;
const none: CheckScore = { found: 0, missed: 0, behind: 0, falsePositives: 0, cleared: 0 };

/** The camera shows another key than it was adopted with, or has forgotten its accounts: no login is sent, or none is right. */
const shutOut = ["TLS-PIN-CHANGED", "CAM-INIT"];

/** Judges what was said of cameras by these checks. */
export class Scorer {
  readonly #checks: ReadonlyMap<string, JudgedCheck>;

  constructor(checks: readonly JudgedCheck[]) {
    this.#checks = new Map(checks.map((check) => [check.id, check]));
  }

  /** A weakness that was not told, though it is there, and not because of another that is there and was told. */
  isMissed(check: string, judged: Judged): boolean {
    const status = judged.findings.get(check);
    if (judged.truth[check] !== "weak" || status === "failed") return false;
    if (status === "behind") return !this.#isBehindAnother(check, judged);
    // What is told of a whole home has no parents: a camera that lets nobody in is simply not known there.
    const ofHome = this.#checks.get(check)?.scope === "home";
    return !(ofHome && status === "unknown" && shutOut.some((cause) => isTold(cause, judged)));
  }

  /** Whether one of those that it depends on is there and was told, however far up. */
  #isBehindAnother(check: string, judged: Judged): boolean {
    const parents = this.#checks.get(check)?.parents ?? [];
    return parents.some((parent) => isTold(parent, judged) || this.#isBehindAnother(parent, judged));
  }

  /** With one camera more. */
  score(confusion: Confusion, judged: Judged): Confusion {
    const next: Record<string, CheckScore> = { ...confusion };
    for (const check of Object.keys(judged.truth)) {
      const before = next[check] ?? none;
      const cell = this.#cellOf(check, judged);
      next[check] = cell === undefined ? before : { ...before, [cell]: before[cell] + 1 };
    }
    return next;
  }

  #cellOf(check: string, judged: Judged): Cell | undefined {
    const told = judged.findings.get(check) === "failed";
    const how = judged.truth[check];
    if (how === "weak") return told ? "found" : this.isMissed(check, judged) ? "missed" : "behind";
    if (told) return "falsePositives";
    return how === "sound" ? "cleared" : undefined;
  }
}

const isTold = (check: string, { truth, findings }: Judged): boolean =>
  truth[check] === "weak" && findings.get(check) === "failed";

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
