import { readFile } from "node:fs/promises";

/** Where Linux keeps its routes; elsewhere a router is found by what it says of itself alone. */
const routesFile = "/proc/net/route";

/** The IPv4 addresses that this box sends to what is nowhere near. */
export type DefaultGateways = () => Promise<readonly string[]>;

export const defaultGateways: DefaultGateways = async () => {
  try {
    return readDefaultGateways(await readFile(routesFile, "latin1"));
  } catch {
    return [];
  }
};

/** RTF_UP and RTF_GATEWAY of Linux's route.h. */
const throughGateway = 0x3;
const mostGateways = 4;

/** Of the table as Linux writes it, the most preferred first. */
export const readDefaultGateways = (table: string): readonly string[] => {
  const routes = table.split("\n").slice(1).flatMap((row) => {
    const [, destination, gateway = "", flags = "", , , metric = "", mask] = row.trim().split(/\s+/);
    const isDefault = destination === "00000000" && mask === "00000000";
    const leads = (Number.parseInt(flags, 16) & throughGateway) === throughGateway;
    if (!isDefault || !leads || !/^[\dA-F]{8}$/i.test(gateway)) return [];
    return [{ address: dotted(gateway), metric: Number(metric) || 0 }];
  }); // prettier-ignore
  const addresses = routes.sort((one, other) => one.metric - other.metric).map(({ address }) => address);
  return [...new Set(addresses)].slice(0, mostGateways);
};

/** The kernel prints the four bytes as one number of the machine, which is little-endian wherever Node 24 runs. */
const dotted = (hexadecimal: string): string => [...Buffer.from(hexadecimal, "hex").reverse()].join(".");
