import { HomePosture, PrincipalId, type Finding } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { CheckFacts } from "../check.ts";
import { htmlReport } from "./html-report.ts";
import { sarifReport } from "./sarif-report.ts";

const camera = fakeCameraId("a");
const now = Date.UTC(2026, 10, 22, 9, 30);
const hostile = `<script>alert(1)</script>"'&<img src=x onerror=alert(2)>`;

const finding = (more: Partial<Finding> = {}): Finding => ({
  check: "NET-TELNET",
  camera,
  status: "failed",
  severity: "critical",
  title: "Telnet is open",
  why: ["It has no encryption.", "Worms look for it."],
  evidence: [`Port 23 says ${hostile}`],
  since: now,
  seen: now,
  provision: "5.6-1",
  ncsc: null,
  remedies: [],
  guide: { page: "http://192.168.1.20/?a=1&b=2", steps: [`Press ${hostile}`] },
  note: null,
  acceptance: null,
  statement: null,
  ...more,
});
const acceptance = {
  reason: hostile,
  by: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
  name: "Ada",
  at: now,
  until: now + 86_400_000,
};
const tally = { critical: 1, high: 0, medium: 0, low: 0, accepted: 1, unknown: 1 };
const posture: HomePosture = {
  grade: "F",
  tally,
  cameras: [
    {
      camera,
      name: hostile.slice(0, 60),
      consent: true,
      grade: "F",
      tally,
      inspectedAt: now,
      trend: [{ at: now, grade: "F", tally }],
      findings: [
        finding(),
        finding({ check: "NET-FTP", status: "accepted", severity: "high", acceptance }),
        finding({ check: "TIME", status: "passed", severity: "low", title: "Its clock is wrong", evidence: [] }),
        finding({ check: "EGRESS", status: "unknown", note: hostile, evidence: [] }),
      ],
    },
  ],
  findings: [
    finding({ check: "IGD-OPEN", camera: null, status: "not-applicable", note: "No router answers.", evidence: [] }),
  ],
  trend: [
    { at: now - 86_400_000, grade: "A", tally },
    { at: now, grade: "F", tally },
  ],
  newcomers: [],
  next: null,
  advisories: { issued: now, rules: 1 },
};

describe("the page to print", () => {
  const page = htmlReport(HomePosture.parse(posture), now);

  it("holds nothing of cameras and people but as text", () => {
    expect(page).not.toMatch(/<script|<img|onerror=alert\(2\)>/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;img src=x onerror=alert(2)&gt;");
    const tags = new Set([...page.matchAll(/<\/?([a-z\d]+)/g)].map(([, tag]) => tag));
    expect(
      [...tags].filter((tag) => ["script", "img", "iframe", "link", "object", "a", "form"].includes(tag ?? "")),
    ).toEqual([]);
  });

  it("loads nothing, and forbids itself to", () => {
    expect(page).toContain("default-src 'none'");
    expect(page.replaceAll("http://192.168.1.20/?a=1&amp;b=2", "")).not.toMatch(/https?:|url\(|@import/);
  });

  it("tells what is weak, since when, what is accepted by whom and until when, and what to do by hand", () => {
    for (const words of [
      "Telnet is open",
      "critical, since 2026-11-22",
      "Accepted by Ada on 2026-11-22, until 2026-11-23",
      "It has no encryption.",
      "Not: Its clock is wrong",
      "No router answers.",
      "provision 5.6-1",
    ]) {
      expect(page).toContain(words);
    }
    expect(page.indexOf("Telnet is open")).toBeLessThan(page.indexOf("Accepted by"));
  });

  it("tells the course of the home, and of each camera", () => {
    expect(page).toContain("<p>Course: A from 2026-11-21, F from 2026-11-22.</p>");
    expect(page).toContain('<p class="course">Course: F from 2026-11-22.</p>');
  });

  it("has nothing in it that turns the writing round or hides", () => {
    const [view] = posture.cameras;
    const evidence = ["Port 21 says \u202etxet\u202c\u200b\u0007 hello\n\nthere"];
    const told = htmlReport({ ...posture, cameras: [{ ...view!, findings: [finding({ evidence })] }] }, now);
    expect(told).toContain("Port 21 says \ufffdtxet\ufffd\ufffd\ufffd hello there");
  });

  it("can be heard: headings in order, each table with a caption and heads, and a grade that says what it is", () => {
    const levels = [...page.matchAll(/<h(\d)>/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.every((level, at) => at === 0 || level - levels[at - 1]! <= 1)).toBe(true);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    const count = (mark: RegExp): number => [...page.matchAll(mark)].length;
    expect(count(/<table>/g)).toBeGreaterThan(1);
    expect(count(/<table><caption>[^<]+<\/caption><thead><tr>(<th scope="col">[^<]+<\/th>)+/g)).toBe(count(/<table>/g));
    expect(count(/<p class="grade grade-\w+"><span class="said">Grade: /g)).toBe(1 + posture.cameras.length);
  });

  it("names what mends it, and whose words that are", () => {
    const [view] = posture.cameras;
    const remedies = [{ remedy: "telnet-off", plane: "vendor", proven: false }] as const;
    const cameras = [{ ...view!, findings: [finding({ remedies: [...remedies] })] }];
    expect(htmlReport({ ...posture, cameras }, now)).toContain(
      `(unproven on hardware): <code>gatehouse remedy apply telnet-off --camera ${camera} --vendor</code>`,
    );
    expect(page).not.toContain("remedy apply");
  });
});

describe("SARIF", () => {
  const checks: CheckFacts[] = (["NET-TELNET", "NET-FTP", "TIME", "EGRESS", "IGD-OPEN"] as const).map((id) => ({
    id,
    severity: "critical",
    title: "Telnet is open",
    why: ["One.", "Two."],
    provision: "5.6-1",
    ncsc: id === "TIME" ? "update" : null,
    remedies: [],
  }));
  interface Result {
    ruleId: string;
    ruleIndex: number;
    kind: string;
    level: string;
    message: { text: string };
    suppressions?: unknown[];
    locations: { logicalLocations: { name: string; fullyQualifiedName: string }[] }[];
  }
  const log = JSON.parse(sarifReport(posture, checks)) as {
    version: string;
    runs: [{ tool: { driver: { name: string; rules: { id: string }[] } }; results: Result[] }];
  };
  const [{ tool, results }] = log.runs;

  it("is version 2.1.0, with a rule for each check", () => {
    expect(log.version).toBe("2.1.0");
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  it.each([
    ["NET-TELNET", "fail", "error"],
    ["NET-FTP", "fail", "error"],
    ["TIME", "pass", "none"],
    ["EGRESS", "open", "none"],
    ["IGD-OPEN", "notApplicable", "none"],
  ])("tells of %s as %s, at level %s", (rule, kind, level) => {
    expect(results.find(({ ruleId }) => ruleId === rule)).toMatchObject({ kind, level });
  });

  it("has what was accepted suppressed, with its reason, and nothing else", () => {
    const suppressed = results.filter(({ suppressions }) => suppressions !== undefined);
    expect(suppressed.map(({ ruleId }) => ruleId)).toEqual(["NET-FTP"]);
    expect(suppressed[0]?.suppressions).toMatchObject([
      { kind: "external", status: "accepted", justification: `Ada, until 2026-11-23: ${hostile}` },
    ]);
  });

  it("names the camera, by its id too", () => {
    const at = results.find(({ ruleId }) => ruleId === "NET-TELNET")?.locations[0]?.logicalLocations[0];
    expect(at).toMatchObject({ name: hostile.slice(0, 60), fullyQualifiedName: camera });
  });
});
