import type { Cancellable } from "@gatehouse/shared";

import { getDefaultGateway, getDns } from "../../protocols/onvif/management/network.ts";
import { failed, passed, type CameraCheck } from "../check.ts";
import { judgeIsolation } from "../isolation/isolation-policy.ts";
import type { Observe } from "../isolation/observed-traffic.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { askOptional, interfacesOf, type OwnAddresses } from "../questions/ask-network.ts";
import { notAnswered } from "../questions/not-answered.ts";

/** What is set up is judged, and what was seen beside it: only a box that routes the cameras' network sees what flows. */
export const egressFrom = (own: OwnAddresses, observe: Observe = nobodyLooks): CameraCheck => ({
  id: "EGRESS",
  scope: "camera",
  severity: "medium",
  title: "It can reach the internet",
  why: [
    "A camera that Gatehouse shows needs nothing from the internet, but this one knows the way there.",
    "A camera that was broken into uses that way to send pictures out and to take orders.",
  ],
  provision: "5.6-5, 5.8-2",
  ncsc: "remote-viewing-off",
  remedies: [{ remedy: "egress-off", plane: "onvif" }],
  guide: (camera) => guideFor("EGRESS", camera),
  look: async (camera, cancel) => {
    const gateways = await askOptional(camera, "GetNetworkDefaultGateway", getDefaultGateway, cancel);
    if (gateways.kind !== "answer") return notAnswered(gateways, "The camera does not tell which way it goes.");
    const dns = await askOptional(camera, "GetDNS", getDns, cancel);
    const traffic = await observe(cancel);
    const { configured, observed } = judgeIsolation({
      hosts: traffic === undefined ? [camera.host] : [camera.host, ...(await addressesOf(camera, cancel))],
      configured: {
        routers: [...gateways.value.ipv4, ...gateways.value.ipv6],
        nameServers: dns.kind === "answer" ? [...dns.value.dhcp, ...dns.value.manual] : undefined,
      },
      observed: traffic,
      // This gateway forwards nothing unless its owner made it a router.
      own: own(),
    });
    const evidence = [configured.words, ...observed.words];
    return configured.kind === "closed" ? passed(...evidence) : failed(...evidence);
  },
});

/** By what else it may have been seen: as far as it tells. */
const addressesOf = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly string[]> => {
  const reply = await interfacesOf(camera, cancel);
  if (reply.kind !== "answer") return [];
  return reply.value.flatMap(({ ipv6 }) => (ipv6?.addresses ?? []).map(({ address }) => address.replace(/%.*$/, "")));
};

const nobodyLooks: Observe = async () => undefined;
