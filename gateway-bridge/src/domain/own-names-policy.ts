import type { GatewayId } from "@gatehouse/shared";
import { BlockList, isIP } from "node:net";

import { formatAuthority, parseAuthority, type Authority } from "./authority.ts";
import { plainAddress, type Interfaces } from "./viewer-address-policy.ts";

export interface OwnNamesOptions {
  readonly gateway: GatewayId;
  /** As the owner wrote them: a name of the gateway's own, and further `host` or `host:port` that lead to it. */
  readonly web: { readonly name?: string | undefined; readonly hosts: readonly string[] };
}

/** Networks of homes alone: loopback, RFC 1918, RFC 3927 and RFC 4193. */
export const homeNetworks: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "::1/128",
  "fc00::/7",
];

/** More than any box has; a certificate must not grow without end. */
const mostAddresses = 32;

/** Whatever this gateway is rightly asked for, beside its addresses: `host`, or `host:port` where the port is not its own. */
export const ownHosts = (options: OwnNamesOptions): ReadonlySet<string> =>
  new Set(authoritiesOf(options).map(formatAuthority));

/** The names among them. */
export const ownNames = (options: OwnNamesOptions): readonly string[] => [
  ...new Set(authoritiesOf(options).flatMap(({ kind, host }) => (kind === "name" ? [host] : []))),
];

/** The one name of the gateway's own by which browsers are to call it. */
export const canonicalName = ({ gateway, web }: Pick<OwnNamesOptions, "gateway" | "web">): string =>
  web.name?.toLowerCase() ?? `${gateway}.local`;

const authoritiesOf = ({ gateway, web }: OwnNamesOptions): readonly Authority[] =>
  [
    "localhost",
    `${gateway}.local`,
    `${gateway}.gatehouse.internal`,
    ...(web.name === undefined ? [] : [web.name]),
    ...web.hosts,
  ]
    .map(parseAuthority)
    .filter((authority) => authority !== undefined);

const home = new BlockList();
for (const network of homeNetworks) {
  const [address = "", prefix] = network.split("/");
  home.addSubnet(address, Number(prefix), isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** The addresses that this box has in its home. One that everybody can route to is left out: its next holder is another. */
export const homeAddresses = (interfaces: Interfaces): readonly string[] => {
  const own = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .flatMap(({ address }) => plainAddress(address) ?? [])
    .filter(({ address, family }) => home.check(address, family))
    .map(({ address }) => address);
  return [...new Set(["127.0.0.1", "::1", ...own])].slice(0, mostAddresses);
};
