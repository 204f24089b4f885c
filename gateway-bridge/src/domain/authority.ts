import { isIP, isIPv6 } from "node:net";

import { plainAddress } from "./viewer-address-policy.ts";

/** Whom a request is meant for. RFC 9110 7.2 */
export interface Authority {
  /** A name in lower case, or an address in its shortest spelling; IPv6 in brackets. */
  readonly host: string;
  readonly kind: "name" | "address";
  /** Undefined where none is written, which with HTTPS means 443. */
  readonly port: number | undefined;
}

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const nameForm = new RegExp(`^${label}(?:\\.${label})*$`);

/** Undefined for whatever is no plain name, IPv4 address or IPv6 address in brackets, each with a port or without. */
export const parseAuthority = (text: string): Authority | undefined => {
  const found = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.-]{1,253}))(?::(\d{1,5}))?$/i.exec(text);
  if (found === null) return undefined;
  const [, bracketed, bare = "", digits] = found;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  const address = plainAddress(bracketed ?? bare)?.address;
  if (address !== undefined) return { host: isIP(address) === 6 ? `[${address}]` : address, kind: "address", port };
  const host = bare.toLowerCase();
  // Resolvers take what ends in a number for an address in one of its old spellings: `127.1`, `0x7f000001`.
  const isNumber = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host);
  return isNumber || !nameForm.test(host) ? undefined : { host, kind: "name", port };
};

/** `host`, or `host:port` where a port was written. */
export const formatAuthority = ({ host, port }: Authority): string => (port === undefined ? host : `${host}:${port}`);

/** The origin of pages that are shown under this authority, as browsers write it. RFC 6454 6.2 */
export const originOf = ({ host, port = 443 }: Authority): string =>
  port === 443 ? `https://${host}` : `https://${host}:${port}`;
