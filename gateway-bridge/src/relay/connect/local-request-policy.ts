export interface LocalRequest {
  /** The value of every Host header. */
  readonly hosts: readonly string[];
  /** The request's target as it came. */
  readonly target: string;
  /** Of the headers by which browsers tell of the page that sends a request. */
  readonly origin: string | undefined;
  readonly site: string | undefined;
}

export type LocalVerdict =
  | { readonly kind: "own" }
  /** `why` completes "this request is ...". */
  | { readonly kind: "foreign"; readonly why: string }
  | { readonly kind: "browser" };

/** The one address that is listened on, and the name that means it on every computer. RFC 6761 6.3 */
const ownHosts = ["127.0.0.1", "localhost"] as const;

/**
 * Whether a request may be a local program's. Browsers keep passwords and send them with the requests of any page, so nothing that comes
 * from one is taken; and a page whose name was pointed here after it was loaded (DNS rebinding) names that as its host.
 */
export const judgeLocalRequest = ({ hosts, target, origin, site }: LocalRequest, port: number): LocalVerdict => {
  if (origin !== undefined || site !== undefined) return { kind: "browser" };
  // RFC 9112 3.2.2: such a target would take the place of the header.
  if (!target.startsWith("/")) return { kind: "foreign", why: "sent as to a proxy" };
  const [host = "", ...more] = hosts;
  if (more.length > 0) return { kind: "foreign", why: "with more than one Host header" };
  const isOwn = ownHosts.some((own) => host.toLowerCase() === `${own}:${port}`);
  return isOwn ? { kind: "own" } : { kind: "foreign", why: "for another host" };
};
