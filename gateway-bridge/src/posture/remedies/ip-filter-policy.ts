import { BlockList, isIP } from "node:net";

import type { AddressRange, IpAddressFilter } from "../../protocols/onvif/management/ip-filter.ts";

/**
 * Whether a camera with this filter still listens to that address. What a camera wrote and nobody understands is taken for the worse: an unreadable
 * range of an `Allow` list lets nobody in, one of a `Deny` list, and a list of an unknown kind, shut everybody out.
 */
export const letsIn = ({ type, ranges }: IpAddressFilter, address: string): boolean => {
  // ONVIF Device Management, IPAddressFilter: a filter without a range filters nothing.
  if (ranges.length === 0) return true;
  if (type === "Allow") return ranges.some((range) => covers(range, address) === true);
  return type === "Deny" && ranges.every((range) => covers(range, address) === false);
};

/** Undefined where the range is none. */
const covers = ({ address: network, prefix }: AddressRange, address: string): boolean | undefined => {
  const family = isIP(network);
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) return undefined;
  if (isIP(address) !== family) return false;
  const list = new BlockList();
  const name = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, prefix, name);
  return list.check(address, name);
};
