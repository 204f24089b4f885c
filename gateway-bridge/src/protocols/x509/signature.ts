import { sign, type KeyObject } from "node:crypto";

import { objectId, sequence } from "./der.ts";

/** How a key signs certificates: ECDSA on P-256 with SHA-256, or Ed25519. */
export interface SignatureAlgorithm {
  /** AlgorithmIdentifier, DER; neither has parameters. RFC 5758 3.2, RFC 8410 3 */
  readonly identifier: Buffer;
  sign(body: Buffer): Buffer;
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
const ed25519 = sequence(objectId("1.3.101.112"));

/** @throws TypeError for a key of another kind, which would make a certificate that says something untrue of itself */
export const signatureAlgorithm = (key: KeyObject): SignatureAlgorithm => {
  if (key.asymmetricKeyType === "ec") {
    return { identifier: ecdsaWithSha256, sign: (body) => sign("sha256", body, { key, dsaEncoding: "der" }) };
  }
  if (key.asymmetricKeyType === "ed25519") return { identifier: ed25519, sign: (body) => sign(null, body, key) };
  throw new TypeError(`keys of the kind ${String(key.asymmetricKeyType)} sign no certificates here`);
};
