import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askSetting } from "../questions/ask-setting.ts";

export const fwAutoOff: CameraCheck = {
  id: "FW-AUTO-OFF",
  scope: "camera",
  severity: "low",
  title: "It does not update itself",
  why: [
    "This camera could fetch newer firmware from its maker by itself, and was told not to.",
    "Faults that were mended months ago stay open in it until somebody thinks of them.",
  ],
  provision: "5.3-4",
  ncsc: "update",
  remedies: [{ remedy: "auto-update-on", plane: "vendor" }],
  guide: (camera) => guideFor("FW-AUTO-OFF", camera),
  look: async (camera, cancel) => {
    const setting = await askSetting(camera, "auto-update", cancel);
    switch (setting.kind) {
      case "told":
        return setting.on
          ? passed("Its settings say that it updates itself.")
          : failed("Its settings say that it does not update itself.");
      case "absent":
        return notApplicable("It has no such setting that is known.");
      case "refused":
        return unknown("The camera does not tell this to the gateway's login.");
      case "unspoken":
        return unknown(setting.why);
    }
  },
};
