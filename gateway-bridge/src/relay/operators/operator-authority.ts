import { GatehouseError } from "@gatehouse/shared";
import { createPublicKey, type KeyObject } from "node:crypto";

import type { SecretStore } from "../../ports.ts";
import { makeCertificate, noEnd, type CertificateUse } from "../../protocols/x509/certificate.ts";
import { keptKey, type KeyPair } from "../../store/kept-key.ts";
import type { OperatorId } from "./operator.ts";

/** The name that the control socket goes by: it is looked up nowhere. */
export const controlName = "control.gatehouse.invalid";

const subject = "Operators of a Gatehouse relay";

/** PEM. */
export interface ControlCertificate {
  readonly key: string;
  readonly cert: string;
  /** Of operators' certificates, and of this one. */
  readonly ca: string;
}

/**
 * Vouches for operators' keys and for the control socket's. Its certificates have no end: whether somebody is an operator is asked of
 * the list each time, not of a date.
 */
export class OperatorAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #keys: KeyPair;
  readonly #controlKeys: KeyPair;

  /** Makes the keys the first time. */
  constructor(secrets: SecretStore) {
    this.#keys = keptKey(secrets, "relay/operator-authority-key");
    this.#controlKeys = keptKey(secrets, "relay/control-key");
    this.certificate = this.#certify(subject, this.#keys.publicKey, { kind: "authority" });
  }

  /** What the control socket shows. */
  get control(): ControlCertificate {
    const { publicKey, privateKey } = this.#controlKeys;
    const cert = this.#certify(controlName, publicKey, { kind: "server", names: [controlName] });
    return { key: privateKey.export({ type: "pkcs8", format: "pem" }) as string, cert, ca: this.certificate };
  }

  /** For an operator's key, PEM. */
  issue(operator: OperatorId, publicKey: KeyObject): string {
    return this.#certify(operator, publicKey, { kind: "client" });
  }

  #certify(name: string, publicKey: KeyObject, use: CertificateUse): string {
    // From the epoch on: a box whose clock starts there must still let its operators in to see to it.
    const issuer = { ...this.#keys, name: subject };
    return makeCertificate({ subject: name, publicKey, use, notBefore: 0, notAfter: noEnd, issuer }).toString();
  }
}

/**
 * An operator's public key: SPKI, DER as base64.
 * @throws GatehouseError `request-invalid` unless it is a point on P-256
 */
export const readOperatorKey = (spki: string): KeyObject => {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki, "base64"), type: "spki", format: "der" });
  } catch (cause) {
    throw new GatehouseError("request-invalid", "publicKey is not a public key in SPKI form", { cause });
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new GatehouseError("request-invalid", "publicKey is not on the curve P-256");
  }
  // A point can be written in two forms, and a key must not have two pins: JWK knows only one.
  return createPublicKey({ key: key.export({ format: "jwk" }), format: "jwk" });
};
