import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { discoveryModeOf, isInside, ownAddresses, type OwnAddresses } from "../questions/ask-network.ts";
import { callDiscovery } from "../questions/call-discovery.ts";

/** A camera that only answers strangers from outside its network is DISC-WAN's matter. */
export const discOnFrom = (own: OwnAddresses): CameraCheck => ({
  id: "DISC-ON",
  scope: "camera",
  severity: "low",
  title: "It answers whoever calls for cameras",
  why: [
    "While a camera is set up it has to be found; afterwards, answering only tells every device at home that it is there.",
    "A program that looks for cameras to break into starts by calling them.",
  ],
  provision: "5.6-2",
  ncsc: null,
  remedies: [{ remedy: "discovery-off", plane: "onvif" }],
  guide: (camera) => guideFor("DISC-ON", camera),
  look: async (camera, cancel) => {
    const mode = await discoveryModeOf(camera, cancel);
    if (mode.kind === "answer" && mode.value === "Discoverable") return failed("It says that it is discoverable.");
    const inside = await isInside(camera, own, cancel);
    const answer = inside === false ? undefined : await callDiscovery(camera, cancel);
    if (answer !== undefined) return failed("It answers when it is called by WS-Discovery.");
    switch (mode.kind) {
      case "answer":
        return passed(`It says that it is ${mode.value}, and keeps silent when it is called.`);
      case "refused":
        return unknown("The gateway's login may not ask the camera whether it can be discovered.");
      case "fault":
        return unknown(mode.why);
      case "unsupported":
        return inside === false
          ? notApplicable("The camera knows no discovery that could be asked for from here.")
          : passed("It keeps silent when it is called by WS-Discovery.");
    }
  },
});

export const discOn = discOnFrom(ownAddresses);
