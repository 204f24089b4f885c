import { isIPv4 } from "node:net";

import type { NetworkInterface } from "../../protocols/onvif/management/network-interfaces.ts";
import { sharesNetwork } from "../questions/own-network-policy.ts";

/** How a camera is in the network that the gateway speaks to it in. */
export interface CameraNetwork {
  /** Of its network interface. */
  readonly token: string;
  readonly address: string;
  readonly prefix: number;
  /** It has its address from a router, and would lose what it is told of gateways to it. */
  readonly dhcp: boolean;
}

/** By the address that the gateway uses; undefined where the camera does not tell, or is not in the same network as `own`. */
export const networkOf = (
  interfaces: readonly NetworkInterface[],
  { host, own }: { readonly host: string; readonly own: string },
): CameraNetwork | undefined => {
  for (const { token, ipv4 } of interfaces) {
    const found = ipv4?.addresses.find(({ address }) => address === host);
    if (ipv4 === undefined || found?.prefix === undefined || !isIPv4(host)) continue;
    if (sharesNetwork([own], [found]) !== true) return undefined;
    return { token, address: host, prefix: found.prefix, dhcp: /^true$/i.test(ipv4.dhcp) };
  }
  return undefined;
};
