import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askSetting, wordsOf } from "../questions/ask-setting.ts";

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
    switch (setting.kind) {
      case "told":
        return setting.on
          ? failed(`Its settings say that it sends: ${wordsOf(setting)}.`)
          : passed("Its settings say that it sends nothing.");
      case "absent":
        return notApplicable("It has no such setting that is known.");
      case "refused":
        return unknown("The camera does not tell this to the gateway's login.");
      case "unspoken":
        return unknown(setting.why);
    }
  },
};
