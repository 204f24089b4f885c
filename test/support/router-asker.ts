import type { NetworkNamespace } from "./network-namespace.ts";
import { addresses } from "./three-networks.ts";

/** PCP's request to map a TCP port of this client: RFC 6887 7.1 and 11.1. 60 bytes, hexadecimal. */
const pcpMap = (client: string, port: number, asked: number): string => {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const address = `${"0".repeat(20)}ffff${client
    .split(".")
    .map((part) => hex(Number(part), 2))
    .join("")}`;
  const header = `0201${hex(0, 4)}${hex(600, 8)}${address}`;
  return `${header}${"5a".repeat(12)}06${hex(0, 6)}${hex(port, 4)}${hex(asked, 4)}${"0".repeat(20)}ffff${"0".repeat(8)}`;
};

/** The router's ports that are asked for. */
const outside = { upnp: 21_001, natPmp: 21_002, pcp: 21_003 } as const;

/** Asks the home's router to let the internet in to this port: by UPnP, by NAT-PMP and by PCP, with programs that others use. */
export const askRouter = async (home: NetworkNamespace, port: number): Promise<void> => {
  await home.run(`upnpc -a ${addresses.home} ${port} ${outside.upnp} TCP`);
  await home.run(`natpmpc -g ${addresses.homeRouter.lan} -a ${outside.natPmp} ${port} tcp 600`);
  const bytes = pcpMap(addresses.home, port, outside.pcp).replace(/../g, "\\x$&");
  // As one datagram, which the shell alone would break at each line's end.
  const send = `printf "${bytes}" | dd bs=60 iflag=fullblock status=none`;
  // The answer is awaited: 60 bytes that begin with version 2, the answer to a map, and success.
  const answer = `exec 3<>/dev/udp/${addresses.homeRouter.lan}/5351; ${send} >&3; head -c 4 <&3 | od -An -tx1`;
  const told = await home.run(`timeout 20 bash -c '${answer}'`);
  if (!told.includes("02 81 00 00")) throw new Error(`PCP was answered ${told}`);
};
