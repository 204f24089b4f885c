import type { Place } from "@gatehouse/shared";
import { BlockList } from "node:net";

import { isAttached, isLoopback, isPrivate, plainAddress, type Interfaces } from "./viewer-address-policy.ts";

/** Addresses of tunnels, whose other end is anywhere: RFC 6598, and the range that Tailscale gives out besides. */
const tunnels = new BlockList();
tunnels.addSubnet("100.64.0.0", 10, "ipv4");
tunnels.addSubnet("fd7a:115c:a1e0::", 48, "ipv6");

/**
 * Where somebody is whose connection comes from this address. `home` are this box, private, link-local and unique local addresses,
 * and the subnets that this box is attached to; everything else is `away`, and so is what is no address.
 * @param interfaces os.networkInterfaces; asked only where the address alone does not tell
 */
export const placeOf = (address: string, interfaces: () => Interfaces): Place => {
  const plain = plainAddress(address);
  if (plain === undefined) return "away";
  if (isLoopback(plain)) return "home";
  const isTunnel = tunnels.check(plain.address, plain.family);
  if (!isTunnel && isPrivate(plain)) return "home";
  const infos = Object.values(interfaces()).flatMap((each) => each ?? []);
  const isHome = infos.some(
    (info) => plainAddress(info.address)?.address === plain.address || (!isTunnel && isAttached(plain, info)),
  );
  return isHome ? "home" : "away";
};
