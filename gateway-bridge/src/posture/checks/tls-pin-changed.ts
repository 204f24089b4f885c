import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { tlsDoorAt } from "../questions/web-doors.ts";
import { guideFor } from "../guides/guide-for.ts";

export const tlsPinChanged: CameraCheck = {
  id: "TLS-PIN-CHANGED",
  scope: "camera",
  severity: "critical",
  title: "Something else answers in its place, or its key was changed",
  why: [
    "The key that proves the camera's identity is not the one that you confirmed.",
    "After a factory reset or new firmware that is to be expected; otherwise something in your network pretends to be the camera.",
  ],
  provision: "5.5-1",
  ncsc: null,
  remedies: [{ remedy: "repin", plane: "gateway" }],
  guide: (camera) => guideFor("TLS-PIN-CHANGED", camera),
  look: async (camera, cancel) => {
    if (camera.pin === null || camera.device.protocol !== "https:") return notApplicable("No key of it was confirmed.");
    const door = await tlsDoorAt(camera, Number(camera.device.port || 443), cancel);
    const shown = door?.modern ?? door?.old;
    if (shown === undefined) return unknown("It showed no key.");
    if (shown.pin === camera.pin) return passed("Its key is the one that was confirmed.");
    return failed(`Confirmed: ${camera.pin}`, `Now: ${shown.pin}`);
  },
};
