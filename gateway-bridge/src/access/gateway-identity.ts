import {
  base32,
  GatehouseError,
  GatewayId,
  spkiPin,
  type Cancellable,
  type Clock,
  type PrincipalId,
} from "@gatehouse/shared";
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";

import type { SecretStore } from "../ports.ts";
import { makeCertificate, noEnd } from "../protocols/x509/certificate.ts";
import { isRenewalDue, validityFrom } from "./certificate-policy.ts";

/** Where the vault keeps them. */
const secretNames = {
  serverKey: "gateway/tls-key",
  serverCertificate: "gateway/tls-certificate",
  clientCaKey: "gateway/client-ca-key",
} as const;

export interface GatewayIdentityOptions {
  readonly secrets: SecretStore;
  readonly clock: Clock;
}

/** What a TLS server takes, all PEM. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  /** The authority that signed the certificates of paired clients, and nothing else. */
  readonly clientCa: string;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Who the gateway is: a TLS key that never changes, and an authority of its own for its clients' certificates. */
export class GatewayIdentity {
  /** `gw-` and 80 bits of the key's hash: whoever has another key has another id. */
  readonly id: GatewayId;
  /** SHA-256 of the TLS key in SPKI form, base64url: what clients pin. */
  readonly pin: string;
  readonly tls: ServerTls;
  readonly #authority: KeyPair & { readonly name: string };

  private constructor(server: KeyPair, authority: KeyPair, options: GatewayIdentityOptions) {
    this.pin = spkiPin(spkiOf(server.publicKey));
    this.id = GatewayId.parse(`gw-${base32(Buffer.from(this.pin, "base64url").subarray(0, 10))}`);
    this.#authority = { ...authority, name: `Clients of ${this.id}` };
    this.tls = {
      key: server.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      cert: serverCertificate(this.id, server, options).toString(),
      clientCa: this.#certify(this.#authority.name, this.#authority.publicKey, "authority"),
    };
  }

  /** Makes the keys the first time. Renews the server's certificate where it is due, with the key as it is. */
  static async open(options: GatewayIdentityOptions, { signal }: Cancellable): Promise<GatewayIdentity> {
    signal.throwIfAborted();
    const server = keyPair(options.secrets, secretNames.serverKey);
    const authority = keyPair(options.secrets, secretNames.clientCaKey);
    return new GatewayIdentity(server, authority, options);
  }

  /**
   * A certificate for a client's key, PEM. It has no end: whether the client is let in is asked of the list of principals each
   * time, not of a date.
   * @throws GatehouseError `request-invalid` unless the key is on P-256
   */
  issue({ publicKey, principal }: { publicKey: Buffer; principal: PrincipalId }): string {
    return this.#certify(principal, readClientKey(publicKey), "client");
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

/** The key of that name, made if there is none. */
const keyPair = (secrets: SecretStore, name: string): KeyPair => {
  const known = secrets.get(name);
  if (known === undefined) {
    const made = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const content = made.privateKey.export({ type: "pkcs8", format: "der" });
    secrets.put(name, content);
    content.fill(0);
    return made;
  }
  const privateKey = createPrivateKey({ key: known, type: "pkcs8", format: "der" });
  known.fill(0);
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

const serverCertificate = (
  id: GatewayId,
  keys: KeyPair,
  { secrets, clock }: GatewayIdentityOptions,
): X509Certificate => {
  const now = clock.now();
  const stored = secrets.get(secretNames.serverCertificate);
  const known = stored && new X509Certificate(stored);
  if (known?.checkPrivateKey(keys.privateKey) === true && !isRenewalDue(validityOf(known), now)) return known;
  const names = ["localhost", "127.0.0.1", "::1", `${id}.gatehouse.internal`];
  const made = makeCertificate({
    subject: id,
    publicKey: keys.publicKey,
    use: { kind: "server", names },
    ...validityFrom(now),
    issuer: { name: id, ...keys },
  });
  secrets.put(secretNames.serverCertificate, made.raw);
  return made;
};

const validityOf = ({ validFromDate, validToDate }: X509Certificate): { notBefore: number; notAfter: number } => ({
  notBefore: validFromDate.getTime(),
  notAfter: validToDate.getTime(),
});
