import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askSetting, wordsOf, type SettingReply } from "../questions/ask-setting.ts";
import { callUpnp } from "../questions/call-upnp.ts";

export const camUpnp: CameraCheck = {
  id: "CAM-UPNP",
  scope: "camera",
  severity: "high",
  title: "It may open your router by itself",
  why: [
    "With UPnP on, the camera asks your router to let the internet in, and most routers do so without asking you.",
    "Then anybody in the world can knock at the camera, and search engines list it within days.",
  ],
  provision: "5.6-1",
  ncsc: "upnp-off",
  remedies: [{ remedy: "upnp-off", plane: "vendor" }],
  guide: (camera) => guideFor("CAM-UPNP", camera),
  look: async (camera, cancel) => {
    const answer = await callUpnp(camera, cancel);
    if (answer !== undefined) return failed("It answers when it is called by UPnP.");
    const setting = await askSetting(camera, "upnp", cancel);
    if (setting.kind === "told" && setting.on) return failed(`Its settings say that UPnP is on: ${wordsOf(setting)}.`);
    return passed("It keeps silent when it is called by UPnP.", ...beside(setting));
  },
};

/** What its settings add to its silence. */
const beside = (setting: SettingReply): readonly string[] => {
  switch (setting.kind) {
    case "told":
      return ["Its settings say that UPnP is off."];
    case "refused":
    case "unspoken":
      return ["Its settings could not be read."];
    case "absent":
      return [];
  }
};
