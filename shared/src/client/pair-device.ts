import { createPrivateKey, createPublicKey } from "node:crypto";

import { parsePairingString } from "../contract/pairing-string.ts";
import type { DeviceIdentity } from "../contract/remote.ts";
import type { Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { callRoute } from "./call-route.ts";
import { PinnedHttps } from "./pinned-https.ts";

export interface PairDeviceOptions {
  /** As the owner copied it from `gatehouse remote device add`. */
  readonly pairingString: string;
  /**
   * Our own new key, from `makeDeviceKey`. Kept before it is used here, it can be used again with the same string, within five minutes,
   * where a crash lost the answer; with any other key the string is used up.
   */
  readonly privateKey: string;
  readonly clock: Clock;
}

/**
 * Makes this a device that may knock from away, at home. No byte is sent before the gateway's key matched the string.
 * @throws GatehouseError `pairing-string-malformed`, `gateway-impostor`, `pairing-invalid`, `gateway-unreachable`, or what the gateway said
 */
export const pairDevice = async (
  { pairingString, privateKey, clock }: PairDeviceOptions,
  cancel: Cancellable,
): Promise<DeviceIdentity> => {
  const { address, keyHash, secret } = parsePairingString(pairingString);
  const accepts = (digest: Buffer): boolean => digest.subarray(0, keyHash.length).equals(keyHash);
  const https = new PinnedHttps({ address, clock, accepts });
  try {
    const spki = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" });
    const body = { secret: secret.toString("base64url"), publicKey: spki.toString("base64") };
    const paired = await callRoute(https, { name: "pairDevice", body }, cancel);
    return { version: 1, ...paired, privateKey };
  } finally {
    https[Symbol.dispose]();
  }
};
