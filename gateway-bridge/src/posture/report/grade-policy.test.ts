import type { Finding, Grade } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { gradeOf, sumTallies, tally, worstGrade } from "./grade-policy.ts";

type Counted = Pick<Finding, "status" | "severity">;
const finding = (status: Finding["status"], severity: Finding["severity"]): Counted => ({ status, severity });

describe("gradeOf", () => {
  it.each<[string, Counted[], Grade | null]>([
    ["nothing", [], "A"],
    ["an open critical one", [finding("failed", "critical"), finding("failed", "low")], "F"],
    ["an open high one", [finding("failed", "high"), finding("failed", "medium")], "D"],
    ["an open medium one", [finding("failed", "medium")], "C"],
    ["an open low one", [finding("failed", "low")], "B"],
    ["an accepted critical one", [finding("accepted", "critical")], "A"],
    [
      "what was passed, stated, behind, does not apply, or is not known and not critical",
      [
        finding("passed", "critical"),
        finding("unknown", "high"),
        finding("stated", "critical"),
        finding("behind", "critical"),
        finding("not-applicable", "critical"),
      ],
      "A",
    ],
    ["something critical that is not known", [finding("passed", "critical"), finding("unknown", "critical")], "B"],
    ["nothing that could be found out", [finding("unknown", "critical"), finding("unknown", "low")], null],
    ["what is open, whatever is not known", [finding("failed", "high"), finding("unknown", "critical")], "D"],
  ])("of %s", (_, findings, grade) => {
    expect(gradeOf(findings)).toBe(grade);
  });
});

describe("tally", () => {
  it("counts accepted ones and unknown ones apart", () => {
    const counted = tally([
      finding("failed", "critical"),
      finding("failed", "medium"),
      finding("failed", "medium"),
      finding("accepted", "critical"),
      finding("unknown", "high"),
      finding("passed", "high"),
    ]);
    expect(counted).toEqual({ critical: 1, high: 0, medium: 2, low: 0, accepted: 1, unknown: 1 });
    expect(sumTallies([counted, counted])).toEqual({
      critical: 2,
      high: 0,
      medium: 4,
      low: 0,
      accepted: 2,
      unknown: 2,
    });
  });
});

describe("worstGrade", () => {
  it.each<[(Grade | null)[], Grade | null]>([
    [[], null],
    [[null], null],
    [["A", null, "C"], "C"],
    [["F", "A"], "F"],
  ])("of %j is %s", (of, worst) => {
    expect(worstGrade(of)).toBe(worst);
  });
});
