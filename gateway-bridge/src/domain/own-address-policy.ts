import type { NetworkInterfaceInfo } from "node:os";

/** Whether a connection from this address (as a socket tells it) was made on this box itself: nobody else can answer there. */
export const isOwnAddress = (
  address: string,
  interfaces: NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, "address">[]>,
): boolean => {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, "").replace(/%.*$/, "");
  if (plain === "::1" || /^127(\.\d+){3}$/.test(plain)) return true;
  return Object.values(interfaces).some((infos) => infos?.some((info) => info.address === plain));
};
