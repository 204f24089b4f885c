import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getAuthFailureWarning } from "../../protocols/onvif/management/password-policy.ts";
import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { textAt } from "../../protocols/xml/xml-element.ts";
import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { askOnvif } from "../questions/ask-onvif.ts";

/** Only ever read: to try it out would lock somebody out. */
export const lockoutOff: CameraCheck = {
  id: "LOCKOUT-OFF",
  scope: "camera",
  severity: "medium",
  title: "It lets anybody guess at passwords for ever",
  why: [
    "The camera neither stops nor tells of somebody who tries one password after the other.",
    "A program can try thousands in a night, until one is right.",
  ],
  provision: "5.1-5",
  ncsc: null,
  remedies: [{ remedy: "password-policy", plane: "onvif" }],
  guide: (camera) => guideFor("LOCKOUT-OFF", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("Only ONVIF tells what a camera does about guesses.");
    const asked = { as: "gateway", what: "GetAuthFailureWarningConfiguration", ask: getAuthFailureWarning } as const;
    const warning = await askOnvif(camera, asked, cancel);
    if (warning.kind === "answer") {
      const { enabled, failures, periodS } = warning.value;
      if (!enabled) return failed("What it does about failed logins is switched off (AuthFailureWarning).");
      return passed(`It counts failed logins: ${failures} within ${periodS} s.`);
    }
    const lock = await illegalLoginLock(camera, cancel);
    if (lock === undefined) return unknown("The camera does not tell whether it stops guesses.");
    return lock ? passed("It locks accounts (Illegal Login Lock).") : failed("Illegal Login Lock is switched off.");
  },
};

/** Hikvision's own setting (ISAPI); undefined of all others. */
const illegalLoginLock = async (camera: ProbedCamera, cancel: Cancellable): Promise<boolean | undefined> => {
  if (camera.identity.vendor !== "hikvision") return undefined;
  try {
    const to = { method: "GET", path: "/ISAPI/Security/illegalLoginLock" } as const;
    const { status, body } = await camera.http.request(to, { kind: "gateway" }, cancel);
    if (status !== 200) return undefined;
    const told = textAt(parseXml(body), "enabled").toLowerCase();
    return told === "true" ? true : told === "false" ? false : undefined;
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") return undefined;
    throw error;
  }
};
