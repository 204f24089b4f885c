import { getDynamicDns, setDynamicDns, type DynamicDns } from "../../protocols/onvif/management/network.ts";
import { itsOwnWord, settingRemedy } from "./setting-remedy.ts";

/** Has a camera no longer tell a service on the internet where it is. */
export const ddnsOff = settingRemedy<DynamicDns>({
  id: "ddns-off",
  read: ({ onvif, ...cancel }) => getDynamicDns(onvif, cancel),
  wish: (was) => ({ ...was, type: "NoUpdate" }),
  holds: ({ type }) => type === "NoUpdate",
  write: (dns, { onvif, ...cancel }) => setDynamicDns(onvif, dns, cancel),
  describe: ({ name }) => ({
    steps: ["Switch dynamic DNS off in the camera", "Ask the camera, and hear that it is off"],
    stops: [
      `Whatever reaches the camera from the internet by ${name === "" ? "its name" : name.slice(0, 128)} no longer finds it`,
    ],
    undoable: true,
  }),
  observe: () => itsOwnWord("It says that dynamic DNS is off (NoUpdate)."),
});
