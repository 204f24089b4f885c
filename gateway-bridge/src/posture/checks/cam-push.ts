import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askSetting, wordsOf } from "../questions/ask-setting.ts";
import { settingNotTold } from "../questions/setting-not-told.ts";

export const camPush: CameraCheck = {
  id: "CAM-PUSH",
  scope: "camera",
  severity: "medium",
  title: "It sends pictures elsewhere by itself",
  why: [
    "The camera is set to send pictures or mail to another computer, often readable on the way.",
    "Whoever set that up, or broke into that computer, sees what the camera sees.",
  ],
  provision: "5.6-5",
  ncsc: null,
  remedies: [{ remedy: "push-off", plane: "vendor" }],
  guide: (camera) => guideFor("CAM-PUSH", camera),
  look: async (camera, cancel) => {
    const setting = await askSetting(camera, "uploads", cancel);
    if (setting.kind !== "told") return settingNotTold(setting);
    return setting.on
      ? failed(`Its settings say that it sends: ${wordsOf(setting)}.`)
      : passed("Its settings say that it sends nothing.");
  },
};
