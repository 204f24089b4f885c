import type { CameraId, RouterMapping, RouterReport } from "@gatehouse/shared";

import { failed, passed, unknown, type HomeCheck, type HomeOutcome, type Outcome } from "../check.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { judgeOutsideAddress } from "../router/outside-address-policy.ts";
import { routerGuide } from "../guides/router-guide.ts";

export const igdMapCam: HomeCheck = {
  id: "IGD-MAP-CAM",
  scope: "home",
  severity: "critical",
  title: "The router lets the internet in to it",
  why: [
    "The camera had your router open a door to it, through which anybody on the internet can try to log in.",
    "Such doors are found by machines within hours, and stay open until somebody closes them.",
  ],
  provision: "5.6-1",
  ncsc: "upnp-off",
  remedies: [
    { remedy: "mapping-delete", plane: "router" },
    { remedy: "upnp-off", plane: "vendor" },
  ],
  guide: routerGuide("forwardings"),
  look: async ({ cameras, router }, cancel) => {
    const report = await router.report(cancel);
    return cameras.map((camera): HomeOutcome => ({ camera: camera.id, ...judge(camera, report) }));
  },
};

const judge = (camera: ProbedCamera, { routers }: RouterReport): Outcome => {
  const leading = routers.flatMap(({ mappings, externalAddress }) =>
    mappings.filter((mapping) => leadsTo(mapping, camera)).map((mapping) => describe(mapping, externalAddress)),
  );
  if (leading.length > 0) return failed(...leading.slice(0, 16));
  if (routers.length === 0) return unknown("No router was found.");
  if (routers.every(({ complete }) => complete)) return passed("No router has a forwarding to it in its list.");
  return unknown("The router does not tell which ports it forwards: its own page does.");
};

const leadsTo = (mapping: RouterMapping, { id, host }: { readonly id: CameraId; readonly host: string }): boolean =>
  mapping.camera === id || mapping.internalClient === host;

const describe = (mapping: RouterMapping, externalAddress: string | null): string => {
  const { protocol, externalPort, internalClient, internalPort, description, lease, enabled } = mapping;
  const from = `${protocol} port ${externalPort} of ${externalAddress ?? "the router's outside address"}`;
  const name = description === "" ? "" : `, named “${description}”`;
  const end = lease === 0 ? "for good" : `for ${lease} more seconds unless it is asked for again`;
  const off = enabled ? "" : "; it is switched off at the moment";
  return `${from} leads to ${internalClient}:${internalPort}${name}, ${end}${off}.${shelter(externalAddress)}`;
};

/** What stands before the router, if anything does. It may go any day, so it lessens nothing. */
const shelter = (externalAddress: string | null): string => {
  const outside = judgeOutsideAddress(externalAddress);
  if (outside === "carrier-nat") return " Your provider's network shields it today.";
  return outside === "private" ? " Another router before this one shields it today." : "";
};
