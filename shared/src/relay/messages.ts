import { z } from "zod";

import { SpkiPin, Time } from "../contract/ids.ts";
import { RelayName, Thumbprint, TunnelId } from "./names.ts";

/** 32 bytes. */
const Nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** 16 bytes. */
const Salt = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
/** 64 bytes. RFC 8032 5.1.6 */
const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
/** An Ed25519 key in SPKI form, DER, base64. */
const DeviceKey = z.string().regex(/^[A-Za-z0-9+/]{58}[A-Za-z0-9+/=]{2}$/);
const version = z.literal(1);

/** How a channel travels from the relay on: beside others, or on a connection that it has for itself, as pictures should. */
export const Way = z.enum(["shared", "own"]);
export type Way = z.infer<typeof Way>;

/* Between a device and the relay: hello, challenge, proof, verdict; after a good verdict, bytes. */

export const DeviceHello = z.strictObject({ v: version, gateway: TunnelId, way: Way });
export type DeviceHello = z.infer<typeof DeviceHello>;

export const Challenge = z.strictObject({ v: version, relay: RelayName, nonce: Nonce, time: Time });
export type Challenge = z.infer<typeof Challenge>;

export const Proof = z.strictObject({ key: DeviceKey, signature: Signature });
export type Proof = z.infer<typeof Proof>;

/**
 * `refused` says no more on purpose: no such gateway, none connected, a device that it does not know and a wrong signature are one.
 * `busy` and `draining` are told to devices that proved their key alone.
 */
export const Verdict = z.discriminatedUnion("open", [
  z.strictObject({ open: z.literal(true) }),
  z.strictObject({
    open: z.literal(false),
    why: z.enum(["refused", "busy", "draining"]),
    retryMs: z.int().min(0).max(600_000),
  }),
]);
export type Verdict = z.infer<typeof Verdict>;

/* Between a gateway and the relay, at enrolment: one question, one answer. The gateway's key is that of its TLS certificate. */

export const Enrol = z.strictObject({ v: version, secret: Salt, gateway: TunnelId });
export type Enrol = z.infer<typeof Enrol>;
export const Enrolled = z.discriminatedUnion("enrolled", [
  z.strictObject({ enrolled: z.literal(true), relay: RelayName }),
  z.strictObject({ enrolled: z.literal(false), why: z.enum(["invite-invalid", "busy"]) }),
]);
export type Enrolled = z.infer<typeof Enrolled>;

/* On the tunnel's one control stream, in both directions, for as long as the tunnel stands. */

/** Most devices that one gateway admits. */
export const mostDevices = 256;
const Epoch = z.int().positive();

export const FromRelay = z.discriminatedUnion("kind", [
  /** The first. `tunnel` names this tunnel on data connections. */
  z.strictObject({
    kind: z.literal("welcome"),
    v: version,
    relay: RelayName,
    tunnel: Nonce,
    time: Time,
    keys: z.array(SpkiPin).min(1).max(2),
  }),
  /** From now on that many data connections should wait. */
  z.strictObject({ kind: z.literal("spare"), count: z.int().min(0).max(8) }),
  /** This epoch is in force, and no channel of a device that it does not name stands any more. */
  z.strictObject({ kind: z.literal("admitting"), epoch: Epoch }),
  /** The gateway's next key is known. `only`: and no other is any more. */
  z.strictObject({ kind: z.literal("key"), pin: SpkiPin, only: z.boolean() }),
  /** The relay closes for a while: channels may end by themselves until then. */
  z.strictObject({ kind: z.literal("drain"), withinMs: z.int().min(0).max(600_000) }),
]);
export type FromRelay = z.infer<typeof FromRelay>;

export const FromGateway = z.discriminatedUnion("kind", [
  /** All devices that are admitted from now on. Without it nobody is. `salt` begins each nonce. */
  z.strictObject({ kind: z.literal("admit"), epoch: Epoch, salt: Salt, devices: z.array(Thumbprint).max(mostDevices) }),
  /** The key that the gateway will come with; `only`: the one it came with now is good for nothing any more. */
  z.strictObject({ kind: z.literal("key"), pin: SpkiPin, only: z.boolean() }),
]);
export type FromGateway = z.infer<typeof FromGateway>;

/* A channel: what the relay says first on a stream of the tunnel or on a data connection, and the gateway's answer. Then bytes. */

/** First on a data connection, by the gateway: which tunnel it belongs to. */
export const DataHello = z.strictObject({ v: version, tunnel: Nonce });
export type DataHello = z.infer<typeof DataHello>;

/** The device's own proof, so that the gateway need not believe the relay. `source`: where the device came from, as the relay says. */
export const OpenChannel = z.strictObject({
  v: version,
  nonce: Nonce,
  time: Time,
  key: DeviceKey,
  signature: Signature,
  source: z.string().max(64),
});
export type OpenChannel = z.infer<typeof OpenChannel>;
export const ChannelAnswer = z.strictObject({ open: z.boolean() });
export type ChannelAnswer = z.infer<typeof ChannelAnswer>;
