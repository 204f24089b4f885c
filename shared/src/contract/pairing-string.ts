import { GatehouseError } from "../kernel/errors.ts";

/** What the owner carries from the gateway to a new client, by hand. */
export interface PairingTicket {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** First 16 bytes of the SHA-256 of the gateway's SPKI. */
  readonly keyHash: Buffer;
  /** 16 random bytes that work once. A secret. */
  readonly secret: Buffer;
}

export interface HostAndPort {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** No name is longer (RFC 1035 2.3.4), and the port takes six more. */
const longestAddress = 260;
const form = /^gh1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})$/;
const addressForm = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)):([0-9]{1,5})$/;

/** `gh1.<address>.<key hash>.<secret>`, each in base64url. */
export const formatPairingString = ({ address, keyHash, secret }: PairingTicket): string =>
  ["gh1", ...[Buffer.from(address, "utf8"), keyHash, secret].map((part) => part.toString("base64url"))].join(".");

/**
 * Reads a pairing string as people paste it, with white space round it.
 * @throws GatehouseError `pairing-string-malformed`
 */
export const parsePairingString = (text: string): PairingTicket => {
  const [, place = "", keyHash = "", secret = ""] = form.exec(text.trim()) ?? [];
  const address = Buffer.from(place, "base64url").toString("utf8");
  if (parseAddress(address) === undefined) {
    // Its content stays out of the message: it may be a whole secret with one letter too many.
    throw new GatehouseError("pairing-string-malformed", "this is not a whole pairing string");
  }
  return { address, keyHash: Buffer.from(keyHash, "base64url"), secret: Buffer.from(secret, "base64url") };
};

/** Splits `host:port` or `[v6]:port`; undefined if it is neither. */
export const parseAddress = (address: string): HostAndPort | undefined => {
  if (address.length > longestAddress) return undefined;
  const [, v6, name, digits] = addressForm.exec(address) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
};
