import { describe, expect, it } from "@jest/globals";
import { PrincipalId, type CameraPosture, type Finding, type HomePosture } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";

import { postureText } from "./posture-text.ts";

const camera = fakeCameraId("a");
const finding = (over: Partial<Finding> = {}): Finding => ({
  ...{ check: "NET-TELNET", camera, status: "failed", severity: "critical", title: "A console is open" },
  ...{ why: ["Anybody may try it.", "It is in clear."], evidence: ["TCP port 23 answers."], since: 1, seen: 2 },
  ...{ provision: "5.6-1", ncsc: null, remedies: [], guide: null, note: null, acceptance: null, statement: null },
  ...over,
});
const none = { critical: 0, high: 0, medium: 0, low: 0, accepted: 0, unknown: 0 };
const home = (findings: Finding[], over: Partial<CameraPosture> = {}): HomePosture => ({
  ...{ grade: "F", tally: { ...none, critical: 1 }, findings: [], trend: [], newcomers: [], next: null },
  advisories: { issued: 1, rules: 1 },
  cameras: [
    {
      ...{ camera, name: "Front door", consent: true, grade: "F", tally: { ...none, critical: 1 } },
      ...{ inspectedAt: 1, findings, trend: [] },
      ...over,
    },
  ],
});
const show = (findings: Finding[], all = false): string => postureText(home(findings), { all });

describe("what people are shown of weaknesses", () => {
  it("says what is weak, why it matters, what was seen, and what to do by hand", () => {
    const guide = { page: "http://192.168.1.20/", steps: ["Open Network.", "Switch telnet off."] };
    expect(show([finding({ guide })])).toBe(
      [
        "This home: grade F: 1 critical",
        "",
        `Front door (${camera}): grade F: 1 critical`,
        "! CRITICAL  A console is open  (NET-TELNET)",
        "    Anybody may try it. It is in clear.",
        "    Seen: TCP port 23 answers.",
        "    By hand at http://192.168.1.20/:",
        "      1. Open Network.",
        "      2. Switch telnet off.",
      ].join("\n"),
    );
  });

  it("names the command that mends it, and says where nobody has seen it work", () => {
    const remedies = [{ remedy: "telnet-off", plane: "vendor", proven: false }] as const;
    expect(show([finding({ remedies: [...remedies] })])).toContain(
      `(unproven on hardware): gatehouse remedy apply telnet-off --camera ${camera} --vendor`,
    );
  });

  it("shows what is sound only to who asks for everything", () => {
    const sound = finding({ status: "passed", check: "RTSP-ANON", title: "Anybody can watch" });
    expect(show([sound])).not.toContain("RTSP-ANON");
    expect(show([sound], true)).toContain("+ passed  Anybody can watch  (RTSP-ANON)");
  });

  it("puts the worst first, and what is accepted after what is open", () => {
    const acceptance = {
      reason: "no other way",
      by: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
      name: "Ann",
      at: 1,
      until: 2,
    };
    const text = show([
      finding({ check: "CAM-P2P", status: "accepted", acceptance }),
      finding({ check: "TIME", severity: "low" }),
      finding({ check: "RTSP-ANON" }),
    ]);
    const places = ["RTSP-ANON", "TIME", "CAM-P2P"].map((check) => text.indexOf(`(${check})`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).toContain("accepted by Ann");
  });

  it("asks what only the owner knows, and says who said what", () => {
    const asked = finding({ check: "WIFI-GUEST", camera: null, status: "unknown", note: "Have they a network?" });
    expect(show([asked])).toContain("Only you know: gatehouse finding state WIFI-GUEST yes, or no");
    const statement = { holds: false, by: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"), name: "Ann", at: 1 };
    expect(show([{ ...asked, status: "stated", statement }])).toContain("stated by Ann");
  });

  it("tells the course of the home and of each camera, and of the home only where all was asked for", () => {
    const point = (day: number, grade: "F" | "A") => ({ at: Date.UTC(2026, 10, day), grade, tally: none });
    const posture = { ...home([], { trend: [point(3, "A")] }), trend: [point(1, "F"), point(3, "A")] };
    const lines = postureText(posture, { all: false }).split("\n");
    expect(lines[1]).toBe("Course: F from 2026-11-01, A from 2026-11-03.");
    expect(lines.at(-1)).toBe("Course: A from 2026-11-03.");
    const some = postureText({ ...posture, trend: [] }, { all: false, some: true });
    expect(some.split("\n")).toEqual([lines[3], lines[4]]);
  });

  it("says that nobody has allowed to look", () => {
    const text = postureText(home([], { consent: false, grade: null }), { all: false });
    expect(text).toContain(`Front door (${camera}): nobody has allowed that it is looked at`);
  });
});
