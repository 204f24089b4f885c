import { parseAddress } from "../contract/pairing-string.ts";
import { GatehouseError } from "../kernel/errors.ts";
import { RelayName } from "./names.ts";

/** What a relay's operator gives to a gateway's owner. */
export interface RelayInvite {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  readonly relay: RelayName;
  /** The pin of the relay's key: all of it, so that an invite cannot be bent to another relay. */
  readonly relayKey: string;
  /** 16 random bytes, base64url, that work once. A secret. */
  readonly secret: string;
}

const form = /^ghr1\.([A-Za-z0-9_-]{1,400})\.([A-Za-z0-9_-]{1,100})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})$/;
const encode = (text: string): string => Buffer.from(text, "utf8").toString("base64url");
const decode = (text: string): string => Buffer.from(text, "base64url").toString("utf8");

/** `ghr1.<address>.<name>.<key hash>.<secret>`. */
export const formatRelayInvite = ({ address, relay, relayKey, secret }: RelayInvite): string =>
  ["ghr1", encode(address), encode(relay), relayKey, secret].join(".");

/**
 * Reads an invite as people paste it, with white space round it.
 * @throws GatehouseError `invite-malformed`
 */
export const parseRelayInvite = (text: string): RelayInvite => {
  const [, place = "", name = "", relayKey = "", secret = ""] = form.exec(text.trim()) ?? [];
  const [address, relay] = [decode(place), RelayName.safeParse(decode(name))];
  if (!relay.success || parseAddress(address) === undefined) {
    // Its content stays out of the message: it may be a whole secret with one letter too many.
    throw new GatehouseError("invite-malformed", "this is not a whole invite of a relay");
  }
  return { address, relay: relay.data, relayKey, secret };
};
