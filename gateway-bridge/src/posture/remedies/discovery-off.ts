import { getDiscoveryMode, setDiscoveryMode } from "../../protocols/onvif/management/discovery.ts";
import { callDiscovery } from "../questions/call-discovery.ts";
import { settingRemedy } from "./setting-remedy.ts";

/** Has a camera keep silent when devices call for cameras. Gatehouse knows its address, and calls it by that. */
export const discoveryOff = settingRemedy<string>({
  id: "discovery-off",
  read: ({ onvif, ...cancel }) => getDiscoveryMode(onvif, cancel),
  wish: () => "NonDiscoverable",
  holds: (mode) => mode === "NonDiscoverable",
  write: (mode, { onvif, ...cancel }) =>
    setDiscoveryMode(onvif, mode === "NonDiscoverable" ? mode : "Discoverable", cancel),
  describe: () => ({
    steps: ["Tell the camera to keep silent when devices call for cameras", "Call for it, and hear nothing"],
    stops: [
      "Apps and recorders no longer find this camera by themselves; those that know its address go on",
      "If it gets another address from your router, Gatehouse does not find it again by itself either",
    ],
    undoable: true,
  }),
  async observe(_mode, camera, _tools, cancel) {
    const answer = await callDiscovery(camera, cancel);
    if (answer !== undefined) {
      return {
        kind: "not-fixed",
        why: "The camera says that it keeps silent, and answers when it is called all the same.",
      };
    }
    return {
      kind: "fixed",
      evidence: ["It says that it cannot be discovered.", "It kept silent when it was called by WS-Discovery."],
    };
  },
});
