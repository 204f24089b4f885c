import { BlockList, isIPv4 } from "node:net";

/** What a router's outside address says about who can come in. */
export type OutsideAddress =
  /** One of the internet's: whoever knows it can knock. */
  | "public"
  /** The provider's own network (RFC 6598), which many homes share one address behind. */
  | "carrier-nat"
  /** Another router's network: this one is behind another. */
  | "private"
  | "unknown";

const listOf = (...subnets: readonly (readonly [network: string, prefix: number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, "ipv4");
  return list;
};

const carrier = listOf(["100.64.0.0", 10]);
/** RFC 1918, RFC 3927 */
const inside = listOf(["10.0.0.0", 8], ["172.16.0.0", 12], ["192.168.0.0", 16], ["169.254.0.0", 16]);
/** What no host of the internet has: RFC 6890, RFC 5737, RFC 2544. */
const nobodys = listOf(
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
);

export const judgeOutsideAddress = (address: string | null): OutsideAddress => {
  if (address === null || !isIPv4(address) || nobodys.check(address)) return "unknown";
  if (carrier.check(address)) return "carrier-nat";
  return inside.check(address) ? "private" : "public";
};
