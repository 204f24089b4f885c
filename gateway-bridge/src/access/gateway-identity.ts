import {
  base32,
  GatehouseError,
  GatewayId,
  spkiPin,
  type Cancellable,
  type DeviceId,
  type PrincipalId,
} from "@gatehouse/shared";
import { createPublicKey, type KeyObject } from "node:crypto";

import type { SecretStore } from "../ports.ts";
import { makeCertificate, noEnd } from "../protocols/x509/certificate.ts";
import { keptKey, type KeyPair } from "../store/kept-key.ts";

/** Where the vault keeps them. */
const secretNames = {
  serverKey: "gateway/tls-key",
  clientCaKey: "gateway/client-ca-key",
} as const;

export interface GatewayIdentityOptions {
  readonly secrets: SecretStore;
}

/** Who the gateway is: a TLS key that never changes, and an authority of its own for its clients' certificates. */
export class GatewayIdentity {
  /** `gw-` and 80 bits of the key's hash: whoever has another key has another id. */
  readonly id: GatewayId;
  /** SHA-256 of the TLS key in SPKI form, base64url: what clients pin. */
  readonly pin: string;
  /** The TLS key itself. */
  readonly keys: KeyPair;
  /** The authority that signed the certificates of paired clients, and nothing else; PEM. */
  readonly clientCa: string;
  readonly #authority: KeyPair & { readonly name: string };

  private constructor(keys: KeyPair, authority: KeyPair) {
    this.keys = keys;
    this.pin = spkiPin(spkiOf(keys.publicKey));
    this.id = GatewayId.parse(`gw-${base32(Buffer.from(this.pin, "base64url").subarray(0, 10))}`);
    this.#authority = { ...authority, name: `Clients of ${this.id}` };
    this.clientCa = this.#certify(this.#authority.name, this.#authority.publicKey, "authority");
  }

  /** Makes the keys the first time. */
  static async open({ secrets }: GatewayIdentityOptions, { signal }: Cancellable): Promise<GatewayIdentity> {
    signal.throwIfAborted();
    return new GatewayIdentity(keptKey(secrets, secretNames.serverKey), keptKey(secrets, secretNames.clientCaKey));
  }

  /**
   * A certificate for a client's key, PEM. It has no end: whether the client is let in is asked of the list of principals each
   * time, not of a date.
   * @throws GatehouseError `request-invalid` unless the key is on P-256
   */
  issue({ publicKey, principal }: { publicKey: Buffer; principal: PrincipalId }): string {
    return this.#certify(principal, readClientKey(publicKey), "client");
  }

  /** A certificate for the Ed25519 key of a device that comes from away, PEM. It has no end either, for the same reason. */
  issueForDevice({ publicKey, device }: { publicKey: KeyObject; device: DeviceId }): string {
    return this.#certify(device, publicKey, "client");
  }

  #certify(subject: string, publicKey: KeyObject, kind: "authority" | "client"): string {
    // From the epoch on, so that a board whose clock starts there still knows its clients.
    const validity = { notBefore: 0, notAfter: noEnd };
    return makeCertificate({ subject, publicKey, use: { kind }, ...validity, issuer: this.#authority }).toString();
  }
}

/**
 * A client's public key, SPKI DER.
 * @throws GatehouseError `request-invalid` unless it is a point on P-256
 */
export const readClientKey = (spki: Buffer): KeyObject => {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, type: "spki", format: "der" });
  } catch (cause) {
    throw new GatehouseError("request-invalid", "publicKey is not a public key in SPKI form", { cause });
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new GatehouseError("request-invalid", "publicKey is not on the curve P-256");
  }
  // A point can be written in two forms, and a key must not have two pins: JWK knows only one.
  return createPublicKey({ key: key.export({ format: "jwk" }), format: "jwk" });
};

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });
