import { isGatehouseError, type Cancellable, type RouterReport } from "@gatehouse/shared";
import { BlockList, isIPv6 } from "node:net";

import { notApplicable, passed, unknown, type HomeCheck, type HomeOutcome, type Outcome } from "../check.ts";
import { routerGuide } from "../guides/router-guide.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { interfacesOf } from "../questions/ask-network.ts";
import { addressesBeside, type Neighbour } from "../router/neighbours.ts";

export const wanIpv6: HomeCheck = {
  id: "WAN-IPV6",
  scope: "home",
  severity: "high",
  title: "It has an address of the internet",
  why: [
    "By IPv6 the camera has an address that all the internet can send to, without any forwarding.",
    "Whether strangers come through then depends on one setting of your router alone.",
  ],
  provision: "5.6-1",
  ncsc: "remote-viewing-off",
  remedies: [{ remedy: "ipv6-off", plane: "onvif" }],
  guide: routerGuide("ipv6"),
  look: async (home, cancel) => {
    const around = { report: await home.router.report(cancel), neighbours: (await home.neighbours?.(cancel)) ?? [] };
    return Promise.all(
      home.cameras.map(async (camera): Promise<HomeOutcome> => ({
        camera: camera.id,
        ...(await judgeAlone(camera, around, cancel)),
      })),
    );
  },
};

interface Around {
  readonly report: RouterReport;
  readonly neighbours: readonly Neighbour[];
}

/** One camera that does not let anybody ask hides no other. */
const judgeAlone = async (camera: ProbedCamera, around: Around, cancel: Cancellable): Promise<Outcome> => {
  try {
    return await judge(camera, around, cancel);
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (isGatehouseError(error)) return unknown(error.message);
    throw error;
  }
};

const judge = async (camera: ProbedCamera, { report, neighbours }: Around, cancel: Cancellable): Promise<Outcome> => {
  if (isGlobal(camera.host)) return failing([camera.host], report);
  // This box may have met it at an address that it does not tell.
  const met = addressesBeside(neighbours, camera.host).filter(isGlobal);
  if (met.length === 0 && camera.kind !== "onvif")
    return notApplicable("Only ONVIF tells which addresses a camera has.");
  const told = camera.kind === "onvif" ? await toldBy(camera, cancel) : [];
  const addresses = [...new Set([...met, ...(told ?? [])])];
  if (addresses.length > 0) return failing(addresses, report, camera.host);
  if (told === undefined) return unknown("The camera does not tell which addresses it has.");
  return passed("It has no IPv6 address of the internet.");
};

/** Those of the internet; undefined where it does not tell. */
const toldBy = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly string[] | undefined> => {
  const reply = await interfacesOf(camera, cancel);
  if (reply.kind !== "answer") return undefined;
  return reply.value
    .filter(({ enabled }) => enabled)
    .flatMap(({ ipv6 }) => (ipv6?.enabled === true ? ipv6.addresses : []))
    .map(({ address }) => address.replace(/%.*$/, ""))
    .filter(isGlobal);
};

/** RFC 4291 2.4: global unicast, as far as it is given out; but for what documents are written with (RFC 3849, RFC 9637). */
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");
const documents = new BlockList();
documents.addSubnet("2001:db8::", 32, "ipv6");
documents.addSubnet("3fff::", 20, "ipv6");
const isGlobal = (address: string): boolean =>
  isIPv6(address) && global.check(address, "ipv6") && !documents.check(address, "ipv6");

/** A firewall that devices inside cannot make holes in leaves little to fear, as long as it is on. */
const failing = (addresses: readonly string[], { routers }: RouterReport, asked?: string): Outcome => {
  // What a camera claims is asked nothing: it may be somebody else's.
  const apart =
    asked === undefined ? [] : [`It was asked at ${asked} alone: what answers at the other was not looked at.`];
  const told = routers.flatMap(({ name, ipv6Firewall }) => (ipv6Firewall === null ? [] : [{ name, ...ipv6Firewall }]));
  const isShielded = told.length > 0 && told.every(({ enabled, pinholes }) => enabled && !pinholes);
  return {
    kind: "failed",
    evidence: [`It has ${addresses.slice(0, 8).join(", ")}.`.slice(0, 500), ...apart, ...told.map(describe)],
    ...(isShielded && { severity: "low" as const }),
  };
};

const describe = ({ name, enabled, pinholes }: { name: string; enabled: boolean; pinholes: boolean }): string => {
  if (!enabled) return `${name} says that its firewall for IPv6 is off.`;
  return `${name} says that its firewall for IPv6 is on${pinholes ? ", and that devices at home may have it opened" : ""}.`;
};
