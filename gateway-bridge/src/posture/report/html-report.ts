import type { CameraPosture, Finding, HomePosture, Tally } from "@gatehouse/shared";

import { courseText } from "./course-policy.ts";
import { reportStyle } from "./report-style.ts";

/** A page to print, whole in itself: no script, nothing to load. Whatever cameras and people call things is text in it, never markup. */
export const htmlReport = (posture: HomePosture, now: number): string =>
  [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>Cameras: what is weak</title><style>${reportStyle}</style></head><body><main>`,
    `<header><h1>Cameras: what is weak</h1><p class="when">${text(dayAndTime(now))}</p>${gradeMark(posture.grade)}`,
    `<p>${text(sumUp(posture.tally))}</p></header>`,
    ...posture.cameras.map(cameraSection),
    ...(posture.findings.length === 0
      ? []
      : [`<section><h2>The home itself</h2>${findingList(posture.findings)}</section>`]),
    ...newcomerSection(posture),
    ...trendSection(posture),
    `<footer><p>${text(footnote)}</p></footer></main></body></html>`,
    "",
  ].join("\n");

const footnote =
  "Provisions are those of ETSI EN 303 645 V2.1.1, not checked against the text. What was accepted, or stated by the owner, was not measured.";

const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as text, in content and in attributes; without signs that turn the writing round, or are not to be seen. */
const text = (words: string): string =>
  words
    .replace(/\s+/g, " ")
    .replace(/\p{C}/gu, "\ufffd")
    .replace(/[&<>"']/g, (sign) => marks[sign] ?? "");

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
const dayAndTime = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const gradeMark = (grade: string | null): string =>
  `<p class="grade grade-${grade ?? "none"}"><span class="said">Grade: </span>${grade ?? `–<span class="said"> none yet</span>`}</p>`;

const sumUp = ({ critical, high, medium, low, accepted, unknown }: Tally): string => {
  const parts = Object.entries({ critical, high, medium, low }).flatMap(([name, n]) =>
    n === 0 ? [] : [`${n} ${name}`],
  );
  const open = parts.length === 0 ? "No open weakness" : `Open: ${parts.join(", ")}`;
  return `${open}. Accepted: ${accepted}. Not found out: ${unknown}.`;
};

const cameraSection = (camera: CameraPosture): string => {
  const { name, grade, tally, inspectedAt, consent, findings, trend } = camera;
  const when = inspectedAt === null ? "Not looked at yet" : `Looked at on ${dayAndTime(inspectedAt)}`;
  const allowed = consent ? "" : " Nobody has allowed that it is looked at.";
  const course = trend.length === 0 ? "" : `<p class="course">${text(courseText(trend))}</p>`;
  return `<section><h2>${text(name)}</h2>${gradeMark(grade)}<p>${text(`${when}.${allowed} ${sumUp(tally)}`)}</p>${course}${findingList(findings)}</section>`;
};

const order: readonly Finding["status"][] = [
  "failed",
  "accepted",
  "unknown",
  "behind",
  "stated",
  "passed",
  "not-applicable",
];
const severities: readonly Finding["severity"][] = ["critical", "high", "medium", "low"];

/** The worst first; what is in order, in one line each. */
const findingList = (findings: readonly Finding[]): string => {
  const rank = ({ status, severity }: Finding): number => order.indexOf(status) * 10 + severities.indexOf(severity);
  const sorted = [...findings].sort((a, b) => rank(a) - rank(b));
  const told = sorted.filter(({ status }) => status === "failed" || status === "accepted").map(openFinding);
  const rest = sorted.filter(({ status }) => status !== "failed" && status !== "accepted").map(restLine);
  return `${told.join("\n")}${tableOf("All else that was looked for", ["Check", "State", "What"], rest)}`;
};

/** Nothing where there is no row. @param rows as markup */
const tableOf = (caption: string, heads: readonly string[], rows: readonly string[]): string => {
  if (rows.length === 0) return "";
  const head = heads.map((each) => `<th scope="col">${each}</th>`).join("");
  return `<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
};

const openFinding = (finding: Finding): string => {
  const { check, status, severity, title, why, evidence, guide, acceptance, provision, since } = finding;
  const list = (items: readonly string[], tag: "ul" | "ol"): string =>
    items.length === 0 ? "" : `<${tag}>${items.map((item) => `<li>${text(item)}</li>`).join("")}</${tag}>`;
  const page = guide?.page == null ? "" : `<p>At <code>${text(guide.page)}</code>:</p>`;
  const by =
    acceptance === null
      ? ""
      : `<p class="accepted">Accepted by ${text(acceptance.name)} on ${day(acceptance.at)}, until ${day(acceptance.until)}: ${text(acceptance.reason)}</p>`;
  return [
    `<article class="${severity} ${status}"><h3>${text(title)} <small>${severity}${since === null ? "" : `, since ${day(since)}`}</small></h3>`,
    by,
    `<p>${text(why.join(" "))}</p>`,
    list(evidence, "ul"),
    mendLine(finding),
    guide === null ? "" : `<div class="steps">${page}${list(guide.steps, "ol")}</div>`,
    `<p class="code">${check}, provision ${text(provision)}</p></article>`,
  ].join("");
};

/** What is typed on the gateway's box. */
const mendLine = ({ status, camera, remedies: [first] }: Finding): string => {
  if (status !== "failed" || camera === null || first === undefined) return "";
  const vendor = first.plane === "vendor" ? " --vendor" : "";
  const doubt = first.proven ? "" : " (unproven on hardware)";
  return `<p>Gatehouse can mend it${doubt}: <code>gatehouse remedy apply ${first.remedy} --camera ${camera}${vendor}</code></p>`;
};

const statusWords: Readonly<Record<Finding["status"], string>> = {
  failed: "weak",
  accepted: "accepted",
  unknown: "not found out",
  behind: "not looked at",
  stated: "stated by the owner",
  passed: "in order",
  "not-applicable": "does not apply",
};

const restLine = ({ check, status, title, note, evidence }: Finding): string =>
  `<tr class="${status}"><th scope="row">${check}</th><td>${statusWords[status]}</td><td>${text(status === "passed" ? `Not: ${title}` : (note ?? evidence[0] ?? title))}</td></tr>`;

const newcomerSection = ({ newcomers }: HomePosture): string[] => {
  const shown = newcomers.filter(({ dismissed }) => !dismissed);
  if (shown.length === 0) return [];
  const rows = shown.map(
    ({ name, hardware, address, first }) =>
      `<li>${text(`${name || hardware || "A camera"} at ${address}, since ${day(first)}`)}</li>`,
  );
  return [
    `<section><h2>New on the network</h2><p>Nothing of them is shown to anybody until they are added.</p><ul>${rows.join("")}</ul></section>`,
  ];
};

const trendSection = ({ trend }: HomePosture): string[] => {
  if (trend.length === 0) return [];
  const rows = trend
    .slice(-31)
    .map(
      ({ at, grade, tally }) =>
        `<tr><th scope="row">${day(at)}</th><td>${grade}</td><td>${text(sumUp(tally))}</td></tr>`,
    );
  const table = tableOf("The last look of each day, the newest last", ["Day", "Grade", "What was open"], rows);
  return [`<section><h2>Course</h2><p>${text(courseText(trend))}</p>${table}</section>`];
};
