import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

import type { PrincipalKind } from "../contract/grant.ts";
import type { Identity } from "../contract/pairing.ts";
import { parsePairingString } from "../contract/pairing-string.ts";
import type { Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import { callRoute } from "./call-route.ts";
import { PinnedHttps } from "./pinned-https.ts";

export interface PairOptions {
  /** As the owner copied it. */
  readonly pairingString: string;
  readonly kind: Exclude<PrincipalKind, "owner">;
  readonly clock: Clock;
}

/**
 * Makes a key of our own and exchanges the pairing string for an identity. The string is used up even if the caller
 * then loses the identity. No byte is sent before the gateway's key matched the string.
 * @throws GatehouseError `pairing-string-malformed`, `gateway-impostor`, `pairing-invalid`, `gateway-unreachable`
 */
export const pair = async ({ pairingString, kind, clock }: PairOptions, cancel: Cancellable): Promise<Identity> => {
  const { address, keyHash, secret } = parsePairingString(pairingString);
  const keys = await makeKeys("ec", { namedCurve: "P-256" });
  let gatewayPin = "";
  const accepts = (digest: Buffer): boolean => {
    gatewayPin = digest.toString("base64url");
    return digest.subarray(0, keyHash.length).equals(keyHash);
  };
  const https = new PinnedHttps({ address, clock, accepts });
  try {
    const publicKey = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");
    const body = { secret: secret.toString("base64url"), kind, publicKey };
    const paired = await callRoute(https, { name: "pair", body }, cancel);
    return {
      version: 1,
      address,
      gatewayPin,
      gatewayId: paired.gateway.id,
      principal: paired.principal,
      certificate: paired.certificate,
      privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    };
  } finally {
    https[Symbol.dispose]();
  }
};

const makeKeys = promisify(generateKeyPair);
