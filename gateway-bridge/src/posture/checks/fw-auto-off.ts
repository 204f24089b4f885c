import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askSetting } from "../questions/ask-setting.ts";
import { settingNotTold } from "../questions/setting-not-told.ts";

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
    if (setting.kind !== "told") return settingNotTold(setting);
    return setting.on
      ? passed("Its settings say that it updates itself.")
      : failed("Its settings say that it does not update itself.");
  },
};
