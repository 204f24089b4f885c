import {
  spkiPin,
  verifyAdmission,
  type OpenChannel,
  type RelayName,
  type Thumbprint,
  type TunnelId,
} from "@gatehouse/shared";

import type { Visitor } from "../../ports.ts";

/** Why the gateway does not take a channel, whatever the relay says of it. */
export const channelRefusals = [
  /** Not a message of the protocol, or on no path of it. */
  "malformed",
  /** What a channel begins with did not come in time. */
  "late",
  /** No room for another channel. */
  "busy",
  /** The proof was not made for this tunnel. */
  "foreign",
  /** The proof came before. */
  "replayed",
  /** The device is not on the roll: a stranger, or revoked. */
  "unknown",
  /** The device did not sign this. */
  "unsigned",
] as const;
export type ChannelRefusal = (typeof channelRefusals)[number];

export interface ChannelFacts {
  readonly open: OpenChannel;
  /** What this gateway knows of itself and its relay, never what the relay says. */
  readonly home: { readonly relay: RelayName; readonly relayKeys: readonly string[]; readonly gateway: TunnelId };
  /** Whether this tunnel gave out the nonce's salt, and whether it was used. */
  readonly nonce: "fresh" | "used" | "foreign";
  readonly find: (thumbprint: Thumbprint) => Visitor | undefined;
}

export type ChannelVerdict =
  | { readonly admit: true; readonly visitor: Visitor; readonly thumbprint: Thumbprint }
  | { readonly admit: false; readonly why: ChannelRefusal };

/** Whether a channel is what a device of this gateway asked for, at this relay, in this tunnel, for the first time. */
export const decideChannel = ({ open, home, nonce, find }: ChannelFacts): ChannelVerdict => {
  if (nonce === "foreign") return { admit: false, why: "foreign" };
  if (nonce === "used") return { admit: false, why: "replayed" };
  const key = Buffer.from(open.key, "base64");
  const thumbprint = spkiPin(key);
  const visitor = find(thumbprint);
  if (visitor === undefined) return { admit: false, why: "unknown" };
  const { relay, gateway } = home;
  // During a change of the relay's key, devices may have met either.
  const signed = home.relayKeys.some((relayKey) =>
    verifyAdmission(key, open.signature, { relay, relayKey, gateway, nonce: open.nonce, time: open.time }),
  );
  return signed ? { admit: true, visitor, thumbprint } : { admit: false, why: "unsigned" };
};
