import { failed, notApplicable, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { isInside, ownAddresses, type OwnAddresses } from "../questions/ask-network.ts";
import { callDiscovery } from "../questions/call-discovery.ts";

export const discWanFrom = (own: OwnAddresses): CameraCheck => ({
  id: "DISC-WAN",
  scope: "camera",
  severity: "medium",
  title: "It answers calls from outside its network",
  why: [
    "A short call from anywhere brings a long answer, which goes to whomever the caller pretends to be.",
    "Thousands of such cameras together are used to flood others off the internet.",
  ],
  provision: "5.6-1",
  ncsc: null,
  remedies: [{ remedy: "discovery-off", plane: "onvif" }],
  guide: (camera) => guideFor("DISC-WAN", camera),
  look: async (camera, cancel) => {
    if ((await isInside(camera, own, cancel)) !== false)
      return notApplicable(
        "The gateway is in the camera's own network, so it cannot see how the camera treats others.",
      );
    const answer = await callDiscovery(camera, cancel);
    return answer === undefined
      ? passed("It keeps silent when it is called from outside its network.")
      : failed(`It answers a call from outside its network with ${Buffer.byteLength(answer.text)} bytes.`);
  },
});

export const discWan = discWanFrom(ownAddresses);
