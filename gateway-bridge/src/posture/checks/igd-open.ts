import type { RouterReport } from "@gatehouse/shared";
import { isIPv4 } from "node:net";

import { failed, passed, unknown, type HomeCheck } from "../check.ts";
import { routerGuide } from "../guides/router-guide.ts";
import { judgeOutsideAddress } from "../router/outside-address-policy.ts";

export const igdOpen: HomeCheck = {
  id: "IGD-OPEN",
  scope: "home",
  severity: "medium",
  title: "The router opens doors for whoever asks",
  why: [
    "Any device at home, a cheap one or one that was broken into, can have this router let the internet in, and nobody is asked.",
    "Gatehouse needs no such door: it reaches you without one.",
  ],
  provision: "5.6-1",
  ncsc: "upnp-off",
  remedies: [],
  guide: routerGuide("upnp"),
  look: async ({ router }, cancel) => {
    const { routers } = await router.report(cancel);
    const open = routers.filter(({ igd, natPmp, pcp }) => igd !== null || natPmp || pcp);
    if (open.length > 0) return [{ camera: null, ...failed(...open.flatMap(describe).slice(0, 32)) }];
    if (routers.length === 0) return [{ camera: null, ...unknown("No router was found.") }];
    return [{ camera: null, ...passed("It answers neither UPnP nor NAT-PMP nor PCP.") }];
  },
};

type Router = RouterReport["routers"][number];

const describe = ({ name, address, igd, natPmp, pcp, mappings }: Router): string[] => {
  const ways = [...(igd === null ? [] : [`UPnP IGD ${igd}`]), ...(natPmp ? ["NAT-PMP"] : []), ...(pcp ? ["PCP"] : [])];
  const held = mappings.length === 1 ? "one forwarding" : `${mappings.length} forwardings`;
  const told = igd === null ? "it does not tell what it forwards" : `it holds ${held}`;
  return [`${name} at ${address} answers ${ways.join(", ")}; ${told}.`, ...mappings.flatMap(strange)];
};

/** A forwarding to somewhere outside the home makes the router attack others in the home's name. */
const strange = ({ protocol, externalPort, internalClient, internalPort }: Router["mappings"][number]): string[] => {
  if (!isIPv4(internalClient) || judgeOutsideAddress(internalClient) === "private") return [];
  const leads = `${protocol} port ${externalPort} leads to ${internalClient}:${internalPort}`;
  return [`${leads}, which is not at home: somebody may be misusing the router. Remove it, and update the router.`];
};
