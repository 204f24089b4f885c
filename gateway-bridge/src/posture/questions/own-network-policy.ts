import { BlockList, isIP, isIPv4 } from "node:net";

/** An address with the length of its network's prefix, as a camera tells it. */
export interface NetworkAddress {
  readonly address: string;
  readonly prefix: number | undefined;
}

/**
 * Whether one of these addresses of ours lies in the camera's own network, by what it says of itself.
 * @returns undefined where it says nothing that could be judged
 */
export const sharesNetwork = (own: readonly string[], camera: readonly NetworkAddress[]): boolean | undefined => {
  const told = camera.filter(({ address, prefix }) => isIPv4(address) && prefix !== undefined && prefix <= 32);
  if (told.length === 0) return undefined;
  const network = new BlockList();
  for (const { address, prefix = 32 } of told) network.addSubnet(address, prefix, "ipv4");
  return own.some((address) => isIP(address) === 4 && network.check(address, "ipv4"));
};
