import { getDynamicDns } from "../../protocols/onvif/management/network.ts";
import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askOptional } from "../questions/ask-network.ts";
import { notAnswered } from "../questions/not-answered.ts";

export const camDdns: CameraCheck = {
  id: "CAM-DDNS",
  scope: "camera",
  severity: "medium",
  title: "It makes itself a name on the internet",
  why: [
    "The camera tells a service on the internet where your home is at any time, so that it can be reached from outside.",
    "Whoever learns that name can try your home's door, and knows where it leads.",
  ],
  provision: "5.6-5",
  ncsc: "remote-viewing-off",
  remedies: [{ remedy: "ddns-off", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-DDNS", camera),
  look: async (camera, cancel) => {
    const reply = await askOptional(camera, "GetDynamicDNS", getDynamicDns, cancel);
    if (reply.kind !== "answer") return notAnswered(reply, "The camera has no dynamic DNS that ONVIF could tell of.");
    const { type, name } = reply.value;
    return ["ClientUpdates", "ServerUpdates"].includes(type)
      ? failed(`Dynamic DNS is on (${type})${name === "" ? "." : ` under the name ${name.slice(0, 128)}.`}`)
      : passed("Dynamic DNS is off.");
  },
};
