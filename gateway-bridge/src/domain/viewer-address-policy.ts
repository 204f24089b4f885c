import { BlockList, isIP, SocketAddress } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** What os.networkInterfaces() returns. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
export type Family = "ipv4" | "ipv6";

/** An address in its shortest spelling, IPv4 within IPv6 unwrapped. */
export interface PlainAddress {
  readonly address: string;
  readonly family: Family;
}

export interface ViewerQuery {
  /** As the viewer wrote it. */
  readonly viewer: string;
  /** The local end of the viewer's HAP connection, as the plugin saw it. */
  readonly localAddress: string | undefined;
  readonly interfaces: Interfaces;
}

export type ViewerVerdict =
  | ({ readonly kind: "allowed" } & PlainAddress)
  /** `why` completes "it is ...". */
  | { readonly kind: "refused"; readonly why: string };

const listOf = (...subnets: readonly (readonly [network: string, prefix: number, family: Family])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix, family] of subnets) list.addSubnet(network, prefix, family);
  return list;
};

const loopback = listOf(["127.0.0.0", 8, "ipv4"], ["::1", 128, "ipv6"]);
/** What no single host has: this network, multicast, reserved and broadcast. RFC 6890 */
const unaddressable = listOf(
  ["0.0.0.0", 8, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 128, "ipv6"],
  ["ff00::", 8, "ipv6"],
);
/** RFC 1918, RFC 3927, RFC 4193, RFC 4291 2.5.6 */
const local = listOf(
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["fe80::", 10, "ipv6"],
  ["fc00::", 7, "ipv6"],
);
/** Shorter prefixes are routes of a tunnel, not a subnet that this host is attached to. */
const shortestPrefix = { ipv4: 8, ipv6: 32 } as const;

/** The address in one spelling; undefined for what is none. A zone (`%eth0`) is left out. */
export const plainAddress = (text: string): PlainAddress | undefined => {
  const [bare = ""] = text.split("%");
  const version = isIP(bare);
  if (version === 0) return undefined;
  const family = version === 4 ? "ipv4" : "ipv6";
  const { address } = new SocketAddress({ address: bare, family });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  return mapped === undefined ? { address, family } : { address: mapped, family: "ipv4" };
};

export const isLoopback = ({ address, family }: PlainAddress): boolean => loopback.check(address, family);

/** Private, link-local and unique local addresses. */
export const isPrivate = ({ address, family }: PlainAddress): boolean => local.check(address, family);

const toNumber = (address: string): number => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

/** The subnet's own address or its broadcast address, which Ethernet hands to everybody. */
const isForEverybody = ({ address, family }: PlainAddress, info: NetworkInterfaceInfo): boolean => {
  if (family !== "ipv4" || info.family !== "IPv4") return false;
  const size = 2 ** 32 - toNumber(info.netmask);
  const network = toNumber(info.address) - (toNumber(info.address) % size);
  const viewer = toNumber(address);
  return size > 2 && (viewer === network || viewer === network + size - 1);
};

/** Whether an address is of a subnet that this host is attached to by an interface. */
export const isAttached = ({ address, family }: PlainAddress, info: NetworkInterfaceInfo): boolean => {
  const prefix = Number(info.cidr?.split("/")[1]);
  if (info.internal || info.family.toLowerCase() !== family || !(prefix >= shortestPrefix[family])) return false;
  return listOf([info.address, prefix, family]).check(address, family);
};

/**
 * Whether live video may go to an address that a plugin names, so that a stolen plugin identity cannot aim it at strangers:
 * private, link-local and unique local addresses, and those of a subnet that this host is attached to. This host's loopback
 * only for a viewer whose HAP connection came over the loopback too.
 */
export const judgeViewer = ({ viewer, localAddress, interfaces }: ViewerQuery): ViewerVerdict => {
  const plain = plainAddress(viewer);
  if (plain === undefined) return { kind: "refused", why: "not an IP address" };
  const { address, family } = plain;
  if (unaddressable.check(address, family)) return { kind: "refused", why: "not the address of a single host" };
  if (isLoopback(plain)) {
    const reached = localAddress === undefined ? undefined : plainAddress(localAddress);
    if (reached !== undefined && isLoopback(reached)) return { kind: "allowed", ...plain };
    return { kind: "refused", why: "this box's own loopback, and the viewer did not come over it" };
  }
  const attached = Object.values(interfaces).flatMap((infos) => infos ?? []);
  if (attached.some((info) => isForEverybody(plain, info))) return { kind: "refused", why: "a broadcast address" };
  if (isPrivate(plain) || attached.some((info) => isAttached(plain, info))) {
    return { kind: "allowed", ...plain };
  }
  return { kind: "refused", why: "neither private nor on a subnet of this box" };
};
