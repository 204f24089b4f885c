import { BlockList, isIP } from "node:net";

import type { AddressFilter } from "./camera-state.ts";

/** Whether an address gets through a camera's IP filter (Device Management 8.2.15). An empty list lets everybody in. */
export const admits = ({ type, addresses }: AddressFilter, from: string): boolean => {
  const address = from.replace(/^::ffff:/, "");
  if (addresses.length === 0 || isIP(address) !== 4) return true;
  const list = new BlockList();
  for (const entry of addresses) {
    const [network = "", prefix = "32"] = entry.split("/");
    list.addSubnet(network, Number(prefix), "ipv4");
  }
  return list.check(address, "ipv4") === (type === "Allow");
};
