import type { KeyObject } from "node:crypto";

import { spkiOf, subjectAltNames } from "./certificate.ts";
import { bitString, implicitSequence, objectId, sequence, set, unsigned } from "./der.ts";
import { signatureAlgorithm } from "./signature.ts";

export interface CertificateRequestOptions {
  /** DNS names. */
  readonly names: readonly string[];
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** A request for a server's certificate (RFC 2986 4), signed with its own key, PEM. Its names are in the extension alone, its subject is empty. */
export const makeCertificateRequest = ({ names, keys }: CertificateRequestOptions): string => {
  // RFC 2985 5.4.2: the extensions that are asked for, as an attribute.
  const extensions = sequence(objectId("1.2.840.113549.1.9.14"), set(sequence(subjectAltNames(names))));
  const body = sequence(unsigned(Buffer.of(0)), sequence(), spkiOf(keys.publicKey), implicitSequence(0, extensions));
  const algorithm = signatureAlgorithm(keys.privateKey);
  const text = sequence(body, algorithm.identifier, bitString(algorithm.sign(body))).toString("base64");
  const lines = text.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE REQUEST-----", ...lines, "-----END CERTIFICATE REQUEST-----", ""].join("\n");
};
