import { createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

import type { PairedKind } from "../contract/grant.ts";
import type { Identity } from "../contract/pairing.ts";
import { parsePairingString } from "../contract/pairing-string.ts";
import type { Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { callRoute } from "./call-route.ts";
import { PinnedHttps } from "./pinned-https.ts";

export interface PairOptions {
  /** As the owner copied it. */
  readonly pairingString: string;
  readonly kind: PairedKind;
  /**
   * Our own new key, from `makeClientKey`; made here if left out. A caller that keeps it before pairing can pair again with
   * it, within the string's five minutes, when a crash lost the answer; with any other key the string is used up.
   */
  readonly privateKey?: string;
  readonly clock: Clock;
}

/** A new private key for pairing: P-256, PKCS #8, PEM. */
export const makeClientKey = async (): Promise<string> => {
  const { privateKey } = await makeKeys("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
};

/**
 * Exchanges the pairing string for an identity with our key. No byte is sent before the gateway's key matched the string.
 * @throws GatehouseError `pairing-string-malformed`, `gateway-impostor`, `pairing-invalid`, `gateway-unreachable`
 */
export const pair = async (options: PairOptions, cancel: Cancellable): Promise<Identity> => {
  const { pairingString, kind, clock } = options;
  const { address, keyHash, secret } = parsePairingString(pairingString);
  const privateKey = options.privateKey ?? (await makeClientKey());
  let gatewayPin = "";
  const accepts = (digest: Buffer): boolean => {
    gatewayPin = digest.toString("base64url");
    return digest.subarray(0, keyHash.length).equals(keyHash);
  };
  const https = new PinnedHttps({ address, clock, accepts });
  try {
    const spki = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" });
    const publicKey = spki.toString("base64");
    const body = { secret: secret.toString("base64url"), kind, publicKey };
    const paired = await callRoute(https, { name: "pair", body }, cancel);
    return {
      version: 1,
      address,
      gatewayPin,
      gatewayId: paired.gateway.id,
      principal: paired.principal,
      certificate: paired.certificate,
      privateKey,
    };
  } finally {
    https[Symbol.dispose]();
  }
};

const makeKeys = promisify(generateKeyPair);
