import { BlockList } from "node:net";

import { isLoopback, plainAddress, type Interfaces, type PlainAddress } from "../../domain/viewer-address-policy.ts";

export interface LocalAddressQuery {
  /** A viewer that was allowed. */
  readonly viewer: PlainAddress;
  /** The local end of the viewer's HAP connection, as the plugin saw it. */
  readonly localAddress: string | undefined;
  readonly interfaces: Interfaces;
}

export type SocketPlan =
  | {
      readonly kind: "open";
      /** Where to connect to, with a zone where the address needs one. */
      readonly viewer: string;
      /** What to bind to; undefined leaves the choice to the routing table. */
      readonly bind: string | undefined;
    }
  | { readonly kind: "no-interface" };

const linkLocal = new BlockList();
linkLocal.addSubnet("fe80::", 10, "ipv6");
const isLinkLocal = ({ address, family }: PlainAddress): boolean => linkLocal.check(address, family);

/** The interface that has an address; undefined when it is none of this host's. */
const interfaceOf = (address: string, interfaces: Interfaces): string | undefined =>
  Object.entries(interfaces).find(([, infos]) =>
    infos?.some((info) => plainAddress(info.address)?.address === address),
  )?.[0];

const zoned = (plain: PlainAddress, zone: string | undefined): string =>
  isLinkLocal(plain) && zone !== undefined ? `${plain.address}%${zone}` : plain.address;

/**
 * From where to send: Apple Home drops media from another address than the one its HAP connection goes to, so that one
 * it is, if it is this host's. A link-local viewer needs an interface: the one of that connection, or the only one
 * there is.
 */
export const planSocket = ({ viewer, localAddress, interfaces }: LocalAddressQuery): SocketPlan => {
  const reached = localAddress === undefined ? undefined : plainAddress(localAddress);
  const owner = reached === undefined ? undefined : interfaceOf(reached.address, interfaces);
  const usable = owner !== undefined && reached?.family === viewer.family && isLoopback(reached) === isLoopback(viewer);
  const bind = usable ? zoned(reached, owner) : undefined;
  if (!isLinkLocal(viewer)) return { kind: "open", viewer: viewer.address, bind };
  const candidates = Object.entries(interfaces)
    .filter(([, infos]) =>
      infos?.some((info) => !info.internal && info.family === "IPv6" && info.address.startsWith("fe80:")),
    )
    .map(([name]) => name);
  const zone = usable ? owner : candidates.length === 1 ? candidates[0] : undefined;
  return zone === undefined ? { kind: "no-interface" } : { kind: "open", viewer: zoned(viewer, zone), bind };
};
