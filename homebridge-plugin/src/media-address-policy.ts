import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** This host's network, as `os.networkInterfaces()` and `os.hostname()` tell it. */
export interface HostNetwork {
  readonly hostname: string;
  readonly interfaces: Readonly<Partial<Record<string, readonly Pick<NetworkInterfaceInfo, "address" | "internal">[]>>>;
}

/** The address without the IPv4-in-IPv6 prefix (RFC 4291 2.5.5.2) and without a zone. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");

/** Whether `host`, a name or an address, is this very computer. */
export const isThisHost = (host: string, network: HostNetwork): boolean => {
  const wanted = plain(host).toLowerCase();
  if (isIP(wanted) === 0) {
    const own = network.hostname.toLowerCase();
    return wanted === "localhost" || wanted === own || wanted === `${own}.local`;
  }
  if (wanted === "::1" || /^127\./.test(wanted)) return true;
  return Object.values(network.interfaces).some((entries) => entries?.some(({ address }) => plain(address) === wanted));
};

/**
 * The address that a HomeKit controller expects media from: the one its HAP connection came in on, or the same network
 * interface's address of the family that it wants media in. Undefined if there is none.
 */
export const localMediaAddress = (
  connection: string,
  version: "ipv4" | "ipv6",
  network: HostNetwork,
): string | undefined => {
  const own = plain(connection);
  const family = version === "ipv4" ? 4 : 6;
  if (isIP(own) === family) return own;
  const siblings = Object.values(network.interfaces).find((entries) =>
    entries?.some(({ address }) => plain(address) === own),
  );
  return siblings?.map(({ address }) => plain(address)).find((address) => isIP(address) === family);
};
