import { GatehouseError, type FromRelay, type RelayName } from "@gatehouse/shared";

export type Welcome = Extract<FromRelay, { kind: "welcome" }>;

export interface Greeting {
  readonly first: FromRelay;
  /** The relay that the gateway was enrolled at, and the key that it showed on this connection. */
  readonly relay: RelayName;
  readonly shown: string;
}

/**
 * The relay's first word, if it is a welcome of the relay that was dialled.
 * @throws GatehouseError `relay-answer-malformed`
 */
export const readWelcome = ({ first, relay, shown }: Greeting): Welcome => {
  if (first.kind !== "welcome") throw malformed("its first word is no welcome");
  if (first.relay !== relay) throw malformed("it calls itself by another name than when this gateway was enrolled");
  // Otherwise the keys that it announces would lock this gateway out.
  if (!first.keys.includes(shown)) throw malformed("it does not count the key that it shows among its own");
  return first;
};

const malformed = (what: string): GatehouseError =>
  new GatehouseError("relay-answer-malformed", `the relay cannot be used: ${what}`);
