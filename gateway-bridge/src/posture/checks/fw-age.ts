import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { failed, passed, unknown, type CameraCheck, type Outcome } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { judgeAge } from "../rules/firmware-match-policy.ts";
import type { RuleSource } from "../rules/rules-in-force.ts";
import { readParameter } from "../vendor/vapix.ts";

export const fwAge = (rules: RuleSource): CameraCheck => ({
  id: "FW-AGE",
  scope: "camera",
  severity: "medium",
  title: "Its firmware is old",
  why: [
    "Its firmware was built more than two years ago, or its maker has given it up.",
    "Faults are found in every program; where nobody mends them any more, they add up.",
  ],
  provision: "5.3-13",
  ncsc: "update",
  // The same newer firmware mends them.
  parents: ["FW-KEV", "FW-CVE"],
  remedies: [{ remedy: "firmware-install", plane: "onvif" }],
  guide: (camera) => guideFor("FW-AGE", camera),
  look: async (camera, cancel) => {
    const builtAt = camera.identity.vendor === "axis" ? await axisBuildDate(camera, cancel) : undefined;
    return judge(camera, { rules, builtAt });
  },
});

const judge = (
  { identity, clock }: ProbedCamera,
  { rules, builtAt }: { readonly rules: RuleSource; readonly builtAt: number | undefined },
): Outcome => {
  const verdict = judgeAge(identity, rules.current, { now: clock.now(), builtAt });
  switch (verdict.kind) {
    case "old":
      return failed(`Its firmware was built on ${dayOf(verdict.builtAt)}.`);
    case "unsupported":
      return failed(
        verdict.rule.oldest === null
          ? "Its maker has given up this model."
          : `Its maker no longer mends firmware older than ${verdict.rule.oldest}; it has ${identity.firmware}.`,
        ...verdict.rule.sources,
      );
    case "young":
      return passed(`Its firmware was built on ${dayOf(verdict.builtAt)}.`);
    case "supported":
      return passed(
        `Its maker still mends firmware ${verdict.rule.oldest ?? ""} and later; it has ${identity.firmware}.`,
      );
    case "undecidable":
      return unknown("Its firmware's name does not tell when it was built.");
  }
};

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** `Properties.Firmware.BuildDate=May 27 2024 13:29` (VAPIX parameter management): Axis' versions tell no day. */
const axisBuildDate = async (camera: ProbedCamera, cancel: Cancellable): Promise<number | undefined> => {
  try {
    const told = await readParameter(camera, "Properties.Firmware.BuildDate", cancel);
    if (typeof told !== "object") return undefined;
    const [, month = "", day = "", year = ""] = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d{4})\b/.exec(told.value) ?? [];
    const at = Date.parse(`${day} ${month} ${year} 00:00 UTC`);
    return Number.isNaN(at) ? undefined : at;
  } catch (error) {
    // Without its maker's words, its version alone is judged.
    if (isGatehouseError(error) && error.code.startsWith("camera-")) return undefined;
    throw error;
  }
};
