import { failed, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { Vendor } from "../probe/probed-camera.ts";
import { askSetting, wordsOf } from "../questions/ask-setting.ts";
import { settingNotTold } from "../questions/setting-not-told.ts";

/** Their cameras always call home, and tell nobody at home whether they do. */
const cloudOnly: readonly Vendor[] = ["tapo", "wyze"];

export const camP2p: CameraCheck = {
  id: "CAM-P2P",
  scope: "camera",
  severity: "high",
  title: "Its maker's cloud has a way in",
  why: [
    "The camera keeps a line open to its maker, past your router, so that the maker's app can show it anywhere.",
    "Whoever gets into that service, or guesses the number on the camera's label, comes in by the same line.",
  ],
  provision: "5.6-5",
  ncsc: "remote-viewing-off",
  remedies: [{ remedy: "p2p-off", plane: "vendor" }],
  guide: (camera) => guideFor("CAM-P2P", camera),
  look: async (camera, cancel) => {
    const setting = await askSetting(camera, "p2p", cancel);
    if (setting.kind === "absent" && cloudOnly.includes(camera.identity.vendor)) {
      return unknown(
        "Cameras of this make do not tell whether they call their maker. Forbid it the internet in your router.",
      );
    }
    if (setting.kind !== "told") return settingNotTold(setting);
    return setting.on
      ? failed(`Its settings say that it is on: ${wordsOf(setting)}.`)
      : passed("Its settings say that it is off.");
  },
};
