import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import { isIPv4 } from "node:net";

import {
  isAttached,
  isLoopback,
  isPrivate,
  plainAddress,
  type Interfaces,
} from "../../domain/viewer-address-policy.ts";
import { search, type SearchOptions } from "../../protocols/ssdp/ssdp-search.ts";

/** A host that may be a router: the box's own way out, or one that says that it is. */
export interface RouterCandidate {
  readonly address: string;
  readonly isDefaultGateway: boolean;
  /** Where it describes itself, as it wrote it; empty where it says nothing. */
  readonly locations: readonly string[];
}

/** What an Internet Gateway Device answers to: it, or the services of it that this program calls. */
export const routerTypes = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
] as const;

export interface FindRoutersOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly interfaces: Interfaces;
  readonly gateways: readonly string[];
  /** Where to look, if not at the whole network. */
  readonly at?: Partial<Pick<SearchOptions, "from" | "to" | "timeoutMs">> | undefined;
}

const mostRouters = 4;
const mostLocations = 4;

/** The box's own gateways first: no crowd of impostors pushes those out. */
export const findRouters = async (
  options: FindRoutersOptions,
  cancel: Cancellable,
): Promise<readonly RouterCandidate[]> => {
  const { clock, log, interfaces, gateways, at } = options;
  const from = ownAddresses(interfaces);
  const found = await search({ clock, log, from, types: routerTypes, favoured: gateways, ...at }, cancel);
  const senders = new Set([...gateways, ...found.map(({ sender }) => sender)]);
  return [...senders]
    .filter((address) => isNeighbour(address, interfaces))
    .slice(0, mostRouters)
    .map((address) => ({
      address,
      isDefaultGateway: gateways.includes(address),
      locations: [
        ...new Set(
          found.filter(({ sender, location }) => sender === address && location !== "").map(({ location }) => location),
        ),
      ].slice(0, mostLocations),
    }));
};

const infosOf = (interfaces: Interfaces) => Object.values(interfaces).flatMap((infos) => infos ?? []);

const ownAddresses = (interfaces: Interfaces): readonly string[] =>
  infosOf(interfaces)
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);

/** A private address, or one of a network that this box is attached to. What comes from loopback came from this very box. */
export const isNeighbour = (address: string, interfaces: Interfaces): boolean => {
  const plain = isIPv4(address) ? plainAddress(address) : undefined;
  if (plain === undefined) return false;
  return isPrivate(plain) || isLoopback(plain) || infosOf(interfaces).some((info) => isAttached(plain, info));
};
