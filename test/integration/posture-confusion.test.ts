import { describe, expect, it } from "@jest/globals";

import { Scorer, total, type Findings, type JudgedCheck } from "../bench/posture/confusion.ts";

const checks: readonly JudgedCheck[] = [
  { id: "TLS-PIN-CHANGED", scope: "camera" },
  { id: "CAM-INIT", scope: "camera", parents: ["TLS-PIN-CHANGED"] },
  { id: "RTSP-ANON", scope: "camera", parents: ["CAM-INIT"] },
  { id: "RTSP-MD5", scope: "camera", parents: ["RTSP-ANON"] },
  { id: "WAN-IPV6", scope: "home" },
];
const weak = ["weak"] as const;
const told = (how: "weak" | "sound" | "cannot") => [how, "failed"] as const;

type Row = readonly [how: "weak" | "sound" | "cannot", said?: "failed" | "passed" | "unknown" | "behind"];

const scoreOf = (check: string, rows: Readonly<Record<string, Row>>) => {
  const truth = Object.fromEntries(Object.entries(rows).map(([id, [how]]) => [id, how]));
  const said = Object.entries(rows).flatMap(([id, [, status]]) =>
    status === undefined ? [] : [[id, status] as const],
  );
  const findings: Findings = new Map(said);
  return new Scorer(checks).score({}, { truth, findings })[check];
};

describe("the score of a check at a simulated camera", () => {
  it.each<[string, string, Readonly<Record<string, Row>>, string]>([
    ["weak, and told", "RTSP-ANON", { "RTSP-ANON": told("weak") }, "found"],
    ["weak, and called sound", "RTSP-ANON", { "RTSP-ANON": ["weak", "passed"] }, "missed"],
    ["weak, and nothing was said", "RTSP-ANON", { "RTSP-ANON": weak }, "missed"],
    ["weak, and not found out", "RTSP-ANON", { "RTSP-ANON": ["weak", "unknown"] }, "missed"],
    [
      "weak, and not found out at a camera that is not set up",
      "RTSP-ANON",
      { "CAM-INIT": told("weak"), "RTSP-ANON": ["weak", "unknown"] },
      "missed",
    ],
    ["hidden behind nothing", "RTSP-ANON", { "RTSP-ANON": ["weak", "behind"] }, "missed"],
    [
      "hidden behind what is not so",
      "RTSP-ANON",
      { "CAM-INIT": told("sound"), "RTSP-ANON": ["weak", "behind"] },
      "missed",
    ],
    [
      "hidden behind what was not told",
      "RTSP-ANON",
      { "CAM-INIT": ["weak", "unknown"], "RTSP-ANON": ["weak", "behind"] },
      "missed",
    ],
    [
      "hidden behind what it does not depend on",
      "RTSP-ANON",
      { "WAN-IPV6": told("weak"), "RTSP-ANON": ["weak", "behind"] },
      "missed",
    ],
    ["behind a parent", "RTSP-ANON", { "CAM-INIT": told("weak"), "RTSP-ANON": ["weak", "behind"] }, "behind"],
    [
      "behind a parent's parent",
      "RTSP-MD5",
      { "CAM-INIT": told("weak"), "RTSP-ANON": ["weak", "behind"], "RTSP-MD5": ["weak", "behind"] },
      "behind",
    ],
    ["of the home, and not found out", "WAN-IPV6", { "WAN-IPV6": ["weak", "unknown"] }, "missed"],
    [
      "of the home, and not found out at a camera that lets nobody in",
      "WAN-IPV6",
      { "CAM-INIT": told("weak"), "WAN-IPV6": ["weak", "unknown"] },
      "behind",
    ],
    ["sound, and told", "RTSP-ANON", { "RTSP-ANON": told("sound") }, "falsePositives"],
    ["told where it cannot be", "RTSP-ANON", { "RTSP-ANON": told("cannot") }, "falsePositives"],
    ["sound, and not told", "RTSP-ANON", { "RTSP-ANON": ["sound", "passed"] }, "cleared"],
  ])("%s", (_, check, rows, cell) => {
    const none = { found: 0, missed: 0, behind: 0, falsePositives: 0, cleared: 0 };
    expect(scoreOf(check, rows)).toEqual({ ...none, [cell]: 1 });
  });

  it("leaves what is behind out of the recall, and nothing else", () => {
    const score = { found: 3, missed: 1, behind: 6, falsePositives: 0, cleared: 2 };
    expect(total({ "RTSP-ANON": score }).recall).toBe(0.75);
  });
});
