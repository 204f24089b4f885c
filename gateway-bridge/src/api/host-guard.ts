import { formatAuthority, parseAuthority, type Authority } from "../domain/authority.ts";
import { plainAddress } from "../domain/viewer-address-policy.ts";

export interface HostQuestion {
  /** The value of every Host header. */
  readonly hosts: readonly string[];
  /** The request's target as it came. */
  readonly target: string;
  /** The end of the connection that is ours. */
  readonly local: { readonly address: string; readonly port: number };
}

export type HostVerdict =
  | { readonly kind: "own"; readonly authority: Authority }
  /** `why` completes "it is ...". */
  | { readonly kind: "unknown"; readonly why: string };

/**
 * Whether a request is meant for this gateway, so that a web page whose name was pointed here after it was loaded (DNS
 * rebinding) is told apart: by a name that is ours, or by the very address that the connection came to, and by our port.
 * @param own as `ownHosts` gives them
 */
export const judgeHost = ({ hosts, target, local }: HostQuestion, own: ReadonlySet<string>): HostVerdict => {
  // RFC 9112 3.2.2: such a target would take the place of the header. Only proxies are sent one, and this is none.
  if (!target.startsWith("/")) return { kind: "unknown", why: "sent as to a proxy" };
  const [host, ...more] = hosts;
  if (host === undefined) return { kind: "unknown", why: "without a Host header" };
  if (more.length > 0) return { kind: "unknown", why: "with more than one Host header" };
  const authority = parseAuthority(host);
  if (authority === undefined) return { kind: "unknown", why: "with a Host header that is malformed" };
  const { port = 443 } = authority;
  if (own.has(formatAuthority({ ...authority, port }))) return { kind: "own", authority };
  if (port !== local.port) return { kind: "unknown", why: "for another port" };
  const isOwn = own.has(authority.host) || isAddress(authority, local.address);
  return isOwn ? { kind: "own", authority } : { kind: "unknown", why: "for another host" };
};

const isAddress = ({ host, kind }: Authority, address: string): boolean =>
  kind === "address" && host.replace(/[[\]]/g, "") === plainAddress(address)?.address;

/** The values of a header as they came: Node keeps the first Host header alone. */
export const valuesOf = (header: string, rawHeaders: readonly string[]): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header);
