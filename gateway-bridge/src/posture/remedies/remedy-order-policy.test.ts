import { describe, expect, it } from "@jest/globals";
import { CheckId, RemedyId, type Finding } from "@gatehouse/shared";

import { catalogue } from "../catalogue.ts";
import { planRemedies } from "./remedy-order-policy.ts";

type Weakness = Pick<Finding, "check" | "status" | "remedies">;

const weakness = (check: CheckId, status: Finding["status"] = "failed"): Weakness => ({
  check,
  status,
  remedies: catalogue
    .filter(({ id }) => id === check)
    .flatMap(({ remedies }) => remedies.map(({ remedy, plane }) => ({ remedy, plane, proven: false }))),
});
const everything = CheckId.options.map((check) => weakness(check));
const planned = planRemedies(everything, { vendor: true });
const at = (remedy: RemedyId): number => planned.steps.findIndex((step) => step.remedy === remedy);

describe("the order in which a camera is made safe", () => {
  it.each<[RemedyId, RemedyId]>([
    ["initialise", "streaming-user"],
    ["clock-set", "tls-on"],
    ["streaming-user", "rotate-password"],
    ["rotate-password", "tls-on"],
    ["tls-on", "rtsp-login"],
    ["tls-on", "rtsps-on"],
    ["tls-harden", "rtsps-on"],
    ["rtsp-login", "upnp-off"],
    ["rtsps-on", "upnp-off"],
    ["rtsps-on", "http-off"],
    ["upnp-off", "mapping-delete"],
    ["p2p-off", "mapping-delete"],
    ["mapping-delete", "telnet-off"],
    ["telnet-off", "http-off"],
    ["ftp-off", "http-off"],
    ["ssh-off", "http-off"],
    ["tls-on", "http-off"],
    ["http-off", "discovery-off"],
  ])("%s comes before %s", (first, second) => {
    expect(at(first)).toBeGreaterThanOrEqual(0);
    expect(at(first)).toBeLessThan(at(second));
  });

  it("ends with what makes the camera silent", () => {
    expect(at("discovery-off")).toBe(planned.steps.length - 1);
  });

  it("knows every remedy once: among the others, or as one that is decided on by itself", () => {
    const named = [...planned.steps, ...planned.left].map(({ remedy }) => remedy);
    expect(named.toSorted()).toEqual(RemedyId.options.toSorted());
  });

  it("leaves to a person what is never done among others, and says why", () => {
    const left = new Map(planned.left.map(({ remedy, why }) => [remedy, why]));
    expect([...left.keys()].toSorted()).toEqual(["egress-off", "firmware-install", "ip-filter", "repin"]);
    expect(left.get("repin")).toContain("compares");
  });
});

describe("what is done about a camera's weaknesses", () => {
  it("is each remedy once, with all that it is for, whatever the order of the findings", () => {
    const findings = [weakness("NET-HTTP"), weakness("CAM-PWD-REUSED"), weakness("CAM-PWD-DEFAULT")];
    const steps = [
      { remedy: "rotate-password", vendor: false, checks: ["CAM-PWD-REUSED", "CAM-PWD-DEFAULT"] },
      { remedy: "http-off", vendor: false, checks: ["NET-HTTP"] },
    ];
    expect(planRemedies(findings, { vendor: false })).toEqual({ steps, left: [] });
    const turned = planRemedies(findings.toReversed(), { vendor: false }).steps.map(({ remedy }) => remedy);
    expect(turned).toEqual(["rotate-password", "http-off"]);
  });

  it.each<Finding["status"]>(["accepted", "passed", "unknown", "behind", "not-applicable", "stated"])(
    "is nothing where a finding is %s",
    (status) => {
      const findings = CheckId.options.map((check) => weakness(check, status));
      expect(planRemedies(findings, { vendor: true })).toEqual({ steps: [], left: [] });
    },
  );

  it("is not in makers' own words unless the owner wants them, and that is said", () => {
    const { steps, left } = planRemedies([weakness("IGD-MAP-CAM"), weakness("NET-TELNET")], { vendor: false });
    expect(steps).toEqual([{ remedy: "mapping-delete", vendor: false, checks: ["IGD-MAP-CAM"] }]);
    expect(left.map(({ remedy, why }) => [remedy, why])).toEqual([
      ["upnp-off", expect.stringContaining("unproven")],
      ["telnet-off", expect.stringContaining("unproven")],
    ]);
    expect(planRemedies(everything, { vendor: false }).steps.some((step) => step.vendor)).toBe(false);
  });
});
