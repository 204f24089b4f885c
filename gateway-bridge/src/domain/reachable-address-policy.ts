import type { NetworkInterfaceInfo } from "node:os";

const wildcard = /^(0\.0\.0\.0|\[::\]):(\d+)$/;
const privateIpv4 = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

/**
 * The `host:port` under which clients reach a server that listens at `listening`: as it is, or, where it listens on every
 * address, at the first private IPv4 address of this box (else on loopback).
 */
export const reachableAddress = (
  listening: string,
  interfaces: NodeJS.Dict<readonly NetworkInterfaceInfo[]>,
): string => {
  const [, , port] = wildcard.exec(listening) ?? [];
  if (port === undefined) return listening;
  const own = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .find(({ family, internal, address }) => family === "IPv4" && !internal && privateIpv4.test(address));
  return `${own?.address ?? "127.0.0.1"}:${port}`;
};
