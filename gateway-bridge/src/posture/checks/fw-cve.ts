import type { CameraCheck } from "../check.ts";
import type { RuleSource } from "../rules/rules-in-force.ts";
import { advisoryCheck } from "./firmware-checks.ts";

/** Whatever is public, exploited or not: while FW-KEV fails, this is behind it. */
export const fwCve = (rules: RuleSource): CameraCheck =>
  advisoryCheck(
    {
      id: "FW-CVE",
      severity: "high",
      title: "Its firmware has a fault that is public",
      why: [
        "Anybody can read what is wrong with this firmware, and its maker has mended it since.",
        "It takes one curious person to write a program that uses it.",
      ],
      provision: "5.3-2, 5.3-8",
      ncsc: "update",
      // The same newer firmware mends both.
      parents: ["FW-KEV"],
      remedies: [{ remedy: "firmware-install", plane: "onvif" }],
    },
    { rules, counts: () => true },
  );
