import {
  Severity,
  StateFinding,
  type CameraPosture,
  type Finding,
  type Grade,
  type HomePosture,
  type Tally,
  type TrendPoint,
} from "@gatehouse/shared";

import { courseText } from "../posture/report/course-policy.ts";

/** A line of its own, where there is a course. */
const courseLine = (course: readonly TrendPoint[]): readonly string[] =>
  course.length === 0 ? [] : [courseText(course)];

const gradeText = (grade: Grade | null): string => (grade === null ? "no grade yet" : `grade ${grade}`);

const tallyText = (tally: Tally): string => {
  const counts = Severity.options
    .filter((severity) => tally[severity] > 0)
    .map((severity) => `${tally[severity]} ${severity}`);
  const rest = [
    ...(tally.accepted > 0 ? [`${tally.accepted} accepted`] : []),
    ...(tally.unknown > 0 ? [`${tally.unknown} not known`] : []),
  ];
  const all = [...counts, ...rest];
  return all.length === 0 ? "nothing found" : all.join(", ");
};

const marks: Readonly<Record<Finding["status"], string>> = {
  failed: "!",
  accepted: "~",
  unknown: "?",
  behind: "?",
  stated: "i",
  passed: "+",
  "not-applicable": "-",
};

/** Whether it is shown to somebody who did not ask for everything. */
const isTold = ({ status, statement }: Finding): boolean =>
  status === "failed" ||
  status === "accepted" ||
  status === "unknown" ||
  (status === "stated" && statement?.holds === false);

const dayOf = (time: number): string => new Date(time).toLocaleDateString();

const acceptedText = ({ acceptance }: Finding): readonly string[] =>
  acceptance === null ? [] : [`accepted by ${acceptance.name} until ${dayOf(acceptance.until)}: ${acceptance.reason}`];

const statedText = ({ statement }: Finding): readonly string[] =>
  statement === null
    ? []
    : [`stated by ${statement.name} on ${dayOf(statement.at)}: ${statement.holds ? "it is so" : "it is not so"}`];

/** What nobody can measure is asked. */
const askText = ({ check, status }: Finding): readonly string[] =>
  status === "unknown" && StateFinding.shape.check.safeParse(check).success
    ? [`Only you know: gatehouse finding state ${check} yes, or no`]
    : [];

const mendText = ({ status, remedies, camera }: Finding): readonly string[] => {
  const [first] = remedies;
  if (status !== "failed" || first === undefined || camera === null) return [];
  const vendor = first.plane === "vendor" ? " --vendor" : "";
  const unproven = first.proven ? "" : " (unproven on hardware)";
  return [`Gatehouse can mend it${unproven}: gatehouse remedy apply ${first.remedy} --camera ${camera}${vendor}`];
};

const guideText = ({ status, guide }: Finding): readonly string[] =>
  status !== "failed" || guide === null
    ? []
    : [
        `By hand${guide.page === null ? "" : ` at ${guide.page}`}:`,
        ...guide.steps.map((step, at) => `  ${at + 1}. ${step}`),
      ];

const findingText = (finding: Finding): string => {
  const { status, severity, check, title, why, evidence, note } = finding;
  const told = status === "failed" || status === "accepted";
  const lines = [
    ...(told ? [why.join(" ")] : []),
    ...evidence.map((line) => `Seen: ${line}`),
    ...(note === null ? [] : [note]),
    ...acceptedText(finding),
    ...statedText(finding),
    ...askText(finding),
    ...mendText(finding),
    ...guideText(finding),
  ];
  const head = `${marks[status]} ${status === "failed" ? severity.toUpperCase() : status}  ${title}  (${check})`;
  return [head, ...lines.map((line) => `    ${line}`)].join("\n");
};

const rank = ({ status, severity }: Finding): number =>
  (status === "failed" ? 0 : status === "accepted" ? 10 : 20) + Severity.options.indexOf(severity);

const findingsText = (findings: readonly Finding[], all: boolean): readonly string[] =>
  findings
    .filter((finding) => all || isTold(finding))
    .toSorted((a, b) => rank(a) - rank(b))
    .map(findingText);

const headOf = (name: string, { grade, tally }: Pick<CameraPosture, "grade" | "tally">): string =>
  `${name}: ${gradeText(grade)}${grade === null ? "" : `: ${tallyText(tally)}`}`;

const cameraText = (posture: CameraPosture, all: boolean): string => {
  const { name, camera, consent, findings, trend } = posture;
  const whose = `${name} (${camera})`;
  if (!consent) return `${whose}: nobody has allowed that it is looked at`;
  return [headOf(whose, posture), ...courseLine(trend), ...findingsText(findings, all)].join("\n");
};

const newcomersText = ({ newcomers }: HomePosture): readonly string[] => {
  const news = newcomers.filter(({ dismissed }) => !dismissed);
  if (news.length === 0) return [];
  const lines = news.map(({ id, name, hardware, address }) => `  ${name} ${hardware} at ${address} (${id})`);
  return [["New on the network, kept away from everybody until it is added or dismissed:", ...lines].join("\n")];
};

export interface ShownPosture {
  /** Also what was looked for and is not there. */
  readonly all: boolean;
  /** Whether it is of some cameras alone, so that nothing is said of the home. */
  readonly some?: boolean;
}

/** Shows to people how cameras and home stand; the worst first. */
export const postureText = (posture: HomePosture, { all, some = false }: ShownPosture): string =>
  [
    ...(some ? [] : [[headOf("This home", posture), ...courseLine(posture.trend)].join("\n")]),
    ...posture.cameras.map((camera) => cameraText(camera, all)),
    ...(posture.findings.length === 0
      ? []
      : [["Router and Wi-Fi:", ...findingsText(posture.findings, all)].join("\n")]),
    ...newcomersText(posture),
  ].join("\n\n");
