import type { Cancellable } from "@gatehouse/shared";
import { execFile } from "node:child_process";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { z } from "zod";

/** A device on a network of this box, as its system met it (ARP, RFC 4861). */
export interface Neighbour {
  readonly address: string;
  /** Lower case. */
  readonly mac: string;
}

/** Those that this box has spoken with; nothing is sent to find them. Empty where the system does not tell. */
export type Neighbours = (cancel: Cancellable) => Promise<readonly Neighbour[]>;

const ip = "/sbin/ip";
const longestList = 1 << 20;
const mostNeighbours = 4_096;
const patienceMs = 5_000;

export const metNeighbours: Neighbours = async ({ signal }) => {
  try {
    const options = { signal, env: {}, timeout: patienceMs, maxBuffer: longestList };
    const { stdout } = await promisify(execFile)(ip, ["-json", "neigh", "show"], options);
    return readNeighbours(stdout);
  } catch {
    // Without iproute2 nothing is known.
    signal.throwIfAborted();
    return [];
  }
};

const Listed = z.object({ dst: z.string().max(64), lladdr: z.string().regex(/^[\da-f]{2}(?::[\da-f]{2}){5}$/i) });

/** Reads what `ip -json neigh show` wrote; entries without a hardware address are of devices that never answered. */
export const readNeighbours = (json: string): readonly Neighbour[] => {
  const list = z.array(z.unknown()).safeParse(parseJson(json)).data ?? [];
  return list.slice(0, mostNeighbours).flatMap((entry) => {
    const { data } = Listed.safeParse(entry);
    return data === undefined || isIP(data.dst) === 0 ? [] : [{ address: data.dst, mac: data.lladdr.toLowerCase() }];
  });
};

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/**
 * The other addresses of the device at this one. None where several devices seem to be behind one hardware address, as behind some repeaters of
 * Wi-Fi: then nobody knows whose they are.
 */
export const addressesBeside = (neighbours: readonly Neighbour[], address: string): readonly string[] => {
  const mac = neighbours.find((one) => one.address === address)?.mac;
  const same = neighbours.filter((one) => mac !== undefined && one.mac === mac);
  const isOne = same.filter((one) => isIP(one.address) === 4).length <= 1;
  return isOne ? same.flatMap((one) => (one.address === address ? [] : [one.address])) : [];
};
