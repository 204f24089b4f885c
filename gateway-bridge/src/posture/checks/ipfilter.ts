import { getIpAddressFilter } from "../../protocols/onvif/management/ip-filter.ts";
import { failed, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askOptional } from "../questions/ask-network.ts";
import { notAnswered } from "../questions/not-answered.ts";

export const ipfilter: CameraCheck = {
  id: "IPFILTER",
  scope: "camera",
  severity: "low",
  title: "Every device at home may speak to it",
  why: [
    "This camera can be told to listen to nobody but the gateway, and was not.",
    "So any television or light bulb that was broken into may try its luck with the camera.",
  ],
  provision: "5.6-1",
  ncsc: null,
  remedies: [{ remedy: "ip-filter", plane: "onvif" }],
  guide: (camera) => guideFor("IPFILTER", camera),
  look: async (camera, cancel) => {
    const reply = await askOptional(camera, "GetIPAddressFilter", getIpAddressFilter, cancel);
    if (reply.kind !== "answer") return notAnswered(reply, "The camera has no filter that ONVIF could set.");
    const { type, ranges } = reply.value;
    const narrow = ranges.filter(({ prefix }) => prefix > 0);
    if (type !== "Allow") return failed("Its filter lets everybody in but those that it names.");
    if (narrow.length === 0 || narrow.length < ranges.length) return failed("Its filter lets everybody in.");
    return passed(`Its filter lets in ${narrow.slice(0, 8).map(({ address, prefix }) => `${address}/${prefix}`).join(", ")}.`); // prettier-ignore
  },
};
