import { formatAuthority, parseAuthority, type Authority } from "../domain/authority.ts";
import { plainAddress } from "../domain/viewer-address-policy.ts";

/** The end of a connection that is ours: where it came to, or inside a channel, which comes to no port, the name that TLS was asked for. */
export type LocalEnd = { readonly address: string; readonly port: number } | { readonly door: string };

export interface HostQuestion {
  /** The value of every Host header. */
  readonly hosts: readonly string[];
  /** The request's target as it came. */
  readonly target: string;
  readonly local: LocalEnd;
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
  // Whatever listens at the other end of a channel has a port of its own, and an address that is not ours.
  const isPort = "door" in local || port === local.port;
  if (!isPort) return { kind: "unknown", why: "for another port" };
  const isOwn = own.has(authority.host) || isLocal(authority, local);
  return isOwn ? { kind: "own", authority } : { kind: "unknown", why: "for another host" };
};

const isLocal = ({ host, kind }: Authority, local: LocalEnd): boolean =>
  "door" in local
    ? host === local.door
    : kind === "address" && host.replace(/[[\]]/g, "") === plainAddress(local.address)?.address;

/** The values of a header as they came: Node keeps the first Host header alone. */
export const valuesOf = (header: string, rawHeaders: readonly string[]): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header);
