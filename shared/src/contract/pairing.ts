import { z } from "zod";

import { Grant, PairedKind } from "./grant.ts";
import { GatewayId, Name, PrincipalId, SpkiPin, Time } from "./ids.ts";

/** The owner's offer to let one more client in. */
export const OfferPairing = z.strictObject({
  kind: PairedKind,
  name: Name,
  grants: z.array(Grant).min(1).max(1_000),
});
export type OfferPairing = z.infer<typeof OfferPairing>;

export const PairingOffer = z.strictObject({
  /** `gh1.<address>.<key hash>.<secret>`: works once, within five minutes. Shown to the owner, never logged. */
  pairingString: z.string(),
  expires: Time,
});
export type PairingOffer = z.infer<typeof PairingOffer>;

/** What a client sends once the gateway's key matched the pairing string. */
export const Pair = z.strictObject({
  /** The secret of the pairing string, 128 bits as base64url. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  kind: PairedKind,
  /** The client's new public key, P-256, SPKI DER as base64. */
  publicKey: z.base64().max(512),
});
export type Pair = z.infer<typeof Pair>;

export const Paired = z.strictObject({
  principal: PrincipalId,
  name: Name,
  gateway: z.strictObject({ id: GatewayId, name: Name }),
  /** Signed by the gateway, PEM; presented in every TLS handshake from now on. */
  certificate: z.string().max(8_192),
});
export type Paired = z.infer<typeof Paired>;

/** A paired client's whole identity. Kept in a 0600 file, or in the host's own credential store. */
export const Identity = z.strictObject({
  version: z.literal(1),
  /** `host:port` of the gateway. */
  address: z.string().max(300),
  /** The gateway's pinned key. */
  gatewayPin: SpkiPin,
  gatewayId: GatewayId,
  principal: PrincipalId,
  certificate: z.string().max(8_192),
  /** PKCS #8, PEM. */
  privateKey: z.string().max(8_192),
});
export type Identity = z.infer<typeof Identity>;
