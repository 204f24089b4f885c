import { createPublicKey, sign, verify, type KeyObject } from "node:crypto";

import type { RelayName, TunnelId } from "./names.ts";

/** What an admission is for. It is good for nothing else: not at another relay, for another gateway, or with another nonce. */
export interface AdmissionContext {
  readonly relay: RelayName;
  /** The pin of the relay's key. */
  readonly relayKey: string;
  readonly gateway: TunnelId;
  /** 32 bytes, base64url: 16 of the gateway's salt for this tunnel, then 16 that the relay drew for this device. */
  readonly nonce: string;
  /** The relay's clock, in milliseconds since the epoch. */
  readonly time: number;
}

/** Bytes of the salt, which the gateway draws for each tunnel, at the front of each nonce. */
export const saltBytes = 16;
export const nonceBytes = 32;

/** The bytes that a device signs. None of the parts can hold the sign between them. */
export const admissionText = ({ relay, relayKey, gateway, nonce, time }: AdmissionContext): Buffer =>
  Buffer.from(["gatehouse-admit-v1", relay, relayKey, gateway, nonce, String(time)].join("|"), "utf8");

/** Signs with a device's Ed25519 key; base64url. RFC 8032 */
export const signAdmission = (privateKey: KeyObject, context: AdmissionContext): string =>
  sign(null, admissionText(context), privateKey).toString("base64url");

/**
 * Whether the key signed exactly this admission. Never throws: a key that is none, or not Ed25519, signed nothing.
 * @param spki the device's public key in SPKI form, DER
 */
export const verifyAdmission = (spki: Buffer, signature: string, context: AdmissionContext): boolean => {
  const key = readEd25519(spki);
  return key !== undefined && verify(null, admissionText(context), key, Buffer.from(signature, "base64url"));
};

/** The prefix of every Ed25519 key in SPKI form, before its 32 bytes. RFC 8410 4 */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** Undefined unless it is an Ed25519 key in its only SPKI form. */
export const readEd25519 = (spki: Buffer): KeyObject | undefined => {
  if (spki.length !== spkiPrefix.length + 32 || !spki.subarray(0, spkiPrefix.length).equals(spkiPrefix))
    return undefined;
  try {
    return createPublicKey({ key: spki, type: "spki", format: "der" });
  } catch {
    return undefined;
  }
};
