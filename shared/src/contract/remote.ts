import { z } from "zod";

import { DeviceId, RelayName, TunnelId } from "../relay/names.ts";
import { GatewayId, Name, PrincipalId, SpkiPin, Time } from "./ids.ts";

/** A relay as a device finds it. During a change of its key there are two. */
export const RelayPlace = z.strictObject({
  /** `host:port`. */
  address: z.string().max(300),
  name: RelayName,
  keys: z.array(SpkiPin).min(1).max(2),
});
export type RelayPlace = z.infer<typeof RelayPlace>;

/**
 * `off`: the owner has not switched it on, or there is no relay. `refused`: the relay does not know this gateway (any more).
 */
export const RemoteConnection = z.enum(["off", "connecting", "connected", "refused"]);
export type RemoteConnection = z.infer<typeof RemoteConnection>;

/** How remote access stands. */
export const RemoteState = z.strictObject({
  enabled: z.boolean(),
  connection: RemoteConnection,
  /** When it became so. */
  since: Time,
  /** Why it does not connect, in one sentence. */
  trouble: z.string().nullable(),
  relay: RelayPlace.nullable(),
  /** What the relay knows this gateway by; null before it was enrolled. */
  tunnel: TunnelId.nullable(),
  devices: z.int(),
  /** Channels that stand now. */
  channels: z.int(),
  /** Bytes that came through admitted channels since the gateway started, and channels that were refused here. */
  receivedBytes: z.int(),
  refusedChannels: z.int(),
  /** What does not work while it is off, in sentences; empty while it is on. */
  stops: z.array(z.string()),
});
export type RemoteState = z.infer<typeof RemoteState>;

/** `ghr1. ...`, from the relay's operator. A secret. */
export const EnrolAtRelay = z.strictObject({ invite: z.string().max(1_024) });
export type EnrolAtRelay = z.infer<typeof EnrolAtRelay>;
export const SwitchRemote = z.strictObject({ enabled: z.boolean() });
export type SwitchRemote = z.infer<typeof SwitchRemote>;

/** Whose the new device is, and what it is called. */
export const OfferDevice = z.strictObject({ person: PrincipalId, name: Name });
export type OfferDevice = z.infer<typeof OfferDevice>;

/** A device of one's own, and what it is called. */
export const OfferOwnDevice = z.strictObject({ name: Name });
export type OfferOwnDevice = z.infer<typeof OfferOwnDevice>;

/** What a new device sends, at home, once the gateway's key matched the pairing string. */
export const PairDevice = z.strictObject({
  /** The secret of the pairing string, 128 bits as base64url. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** Ed25519, SPKI DER as base64. */
  publicKey: z.base64().max(128),
});
export type PairDevice = z.infer<typeof PairDevice>;

/** What a device must know to come home, and hears again each time that it is there: keys change. */
export const WayHome = z.strictObject({
  tunnel: TunnelId,
  relay: RelayPlace,
  /** Pins of the key that the gateway shows inside, the newest first. */
  gatewayKeys: z.array(SpkiPin).min(1).max(4),
});
export type WayHome = z.infer<typeof WayHome>;

export const PairedDevice = z.strictObject({
  device: DeviceId,
  name: Name,
  person: PrincipalId,
  gateway: z.strictObject({ id: GatewayId, name: Name }),
  /** For the device's key, PEM; shown to the gateway alone, inside. */
  certificate: z.string().max(8_192),
  wayHome: WayHome,
});
export type PairedDevice = z.infer<typeof PairedDevice>;

/** A device that may knock. What its person may do is another matter. */
export const RemoteDevice = z.strictObject({
  id: DeviceId,
  name: Name,
  person: PrincipalId,
  added: Time,
  /** When it last came through, null for never. */
  used: Time.nullable(),
  revoked: Time.nullable(),
});
export type RemoteDevice = z.infer<typeof RemoteDevice>;

/** A device's whole identity. Kept in a 0600 file. */
export const DeviceIdentity = z.strictObject({
  version: z.literal(1),
  device: DeviceId,
  name: Name,
  person: PrincipalId,
  gateway: z.strictObject({ id: GatewayId, name: Name }),
  certificate: z.string().max(8_192),
  /** Ed25519, PKCS #8, PEM. */
  privateKey: z.string().max(1_024),
  wayHome: WayHome,
});
export type DeviceIdentity = z.infer<typeof DeviceIdentity>;
