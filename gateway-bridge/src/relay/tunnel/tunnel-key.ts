import { spkiPin, type TunnelId } from "@gatehouse/shared";

import type { ServerCertificate } from "../../ports.ts";
import { spkiOf } from "../../protocols/x509/certificate.ts";
import type { KeyPair } from "../../store/kept-key.ts";
import { tunnelIdOf } from "../protocol/peer-pin.ts";
import { tunnelCertificate } from "../protocol/tunnel-certificate.ts";

/** A key that the gateway shows to its relay, ready for TLS. */
export interface TunnelKey extends ServerCertificate {
  readonly pin: string;
}

/** The gateway's keys towards its relay. Whoever composes the gateway keeps them. */
export interface TunnelKeys {
  /** The key that the relay knows. */
  current(): TunnelKey;
  /** The key that comes after it, from when it was drawn until the relay has taken it. `only`: the relay must forget the current one at once. */
  next(): NextTunnelKey | undefined;
  /** The relay knows the next key: it is the current one from now on. */
  promote(): void;
}

export interface NextTunnelKey {
  readonly key: TunnelKey;
  readonly only: boolean;
}

/** @param keys Ed25519 */
export const tunnelKey = (keys: KeyPair): TunnelKey => {
  const pin = spkiPin(spkiOf(keys.publicKey));
  return { pin, ...tunnelCertificate(tunnelIdOf(pin), keys, "client") };
};

/** What a relay knows a gateway by that enrolled with this key. */
export const idOfKey = ({ pin }: TunnelKey): TunnelId => tunnelIdOf(pin);
