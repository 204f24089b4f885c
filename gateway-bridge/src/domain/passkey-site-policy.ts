import { originOf, type Authority } from "./authority.ts";

/** Where passkeys are made and shown. */
export interface PasskeySite {
  /** The RP id: passkeys are this very name's. WebAuthn 4 */
  readonly host: string;
  /** As browsers write it into what is signed. */
  readonly origin: string;
}

/**
 * The site that a request was sent to. Undefined where passkeys cannot be: browsers have none for addresses, and one for a name that is
 * not the gateway's own would be somebody else's.
 * @param names the gateway's own, in lower case
 */
export const passkeySite = (authority: Authority | undefined, names: ReadonlySet<string>): PasskeySite | undefined =>
  authority?.kind === "name" && names.has(authority.host)
    ? { host: authority.host, origin: originOf(authority) }
    : undefined;
