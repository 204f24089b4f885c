import type { CameraId, Finding, Grade, HomePosture, Severity, Tally } from "@gatehouse/shared";

const grades: readonly Grade[] = ["A", "B", "C", "D", "F"];
const gradeBy: Readonly<Record<Severity, Grade>> = { critical: "F", high: "D", medium: "C", low: "B" };

/** What counts of a finding. */
type Graded = Pick<Finding, "status" | "severity">;

/** How many there are: open ones by severity; those that the owner lives with, and what could not be found out, apart. */
export const tally = (findings: readonly Graded[]): Tally => {
  const open = (severity: Severity): number =>
    findings.filter((finding) => finding.status === "failed" && finding.severity === severity).length;
  const count = (status: Finding["status"]): number => findings.filter((finding) => finding.status === status).length;
  return {
    critical: open("critical"),
    high: open("high"),
    medium: open("medium"),
    low: open("low"),
    accepted: count("accepted"),
    unknown: count("unknown"),
  };
};

/**
 * As bad as the worst open weakness. What was accepted does not count, and is shown beside it. The best grade is for those of which everything
 * critical could be found out; null where nothing could.
 */
export const gradeOf = (findings: readonly Graded[]): Grade | null => {
  const counted = tally(findings);
  for (const severity of ["critical", "high", "medium", "low"] as const) {
    if (counted[severity] > 0) return gradeBy[severity];
  }
  const unknown = findings.filter(({ status }) => status === "unknown");
  const nothingSeen = !findings.some(({ status }) => status === "passed" || status === "accepted");
  if (unknown.length > 0 && nothingSeen) return null;
  return unknown.some(({ severity }) => severity === "critical") ? "B" : "A";
};

/** The worst of them; null where nothing was looked at. */
export const worstGrade = (of: readonly (Grade | null)[]): Grade | null => {
  const known = of.filter((grade) => grade !== null).map((grade) => grades.indexOf(grade));
  return known.length === 0 ? null : (grades[Math.max(...known)] ?? null);
};

export const sumTallies = (of: readonly Tally[]): Tally =>
  of.reduce(
    (sum, each) => ({
      critical: sum.critical + each.critical,
      high: sum.high + each.high,
      medium: sum.medium + each.medium,
      low: sum.low + each.low,
      accepted: sum.accepted + each.accepted,
      unknown: sum.unknown + each.unknown,
    }),
    { critical: 0, high: 0, medium: 0, low: 0, accepted: 0, unknown: 0 },
  );

/** Of these cameras alone, without what concerns the home and whoever else is in it. */
export const postureOf = (only: readonly CameraId[], posture: HomePosture): HomePosture => {
  const cameras = posture.cameras.filter(({ camera }) => only.includes(camera));
  return {
    ...posture,
    cameras,
    grade: worstGrade(cameras.map(({ grade }) => grade)),
    tally: sumTallies(cameras.map((view) => view.tally)),
    findings: [],
    trend: [],
    newcomers: [],
  };
};
