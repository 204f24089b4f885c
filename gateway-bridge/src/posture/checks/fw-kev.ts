import type { CameraCheck } from "../check.ts";
import type { RuleSource } from "../rules/rules-in-force.ts";
import { advisoryCheck } from "./firmware-checks.ts";

export const fwKev = (rules: RuleSource): CameraCheck =>
  advisoryCheck(
    {
      id: "FW-KEV",
      severity: "critical",
      title: "Its firmware has a fault that burglars of cameras use",
      why: [
        "The fault is public, and programs that use it are going round the internet.",
        "A good password does not help: only newer firmware does, and until then nobody but the gateway should reach the camera.",
      ],
      provision: "5.3-2, 5.3-8",
      ncsc: "update",
      remedies: [{ remedy: "firmware-install", plane: "onvif" }],
    },
    { rules, counts: ({ exploited }) => exploited !== null },
  );
