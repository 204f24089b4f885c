import type { SecurityCapabilities } from "../../protocols/onvif/management/security-capabilities.ts";

/** A key that a camera makes by itself, and how its certificate is signed (dotted object identifier). */
export type KeyChoice =
  | { readonly kind: "ecc"; readonly curve: string; readonly signature: string }
  | { readonly kind: "rsa"; readonly bits: number; readonly signature: string };

/** RFC 5758 3.2 and RFC 8017 A.2.4. */
const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const rsaWithSha256 = "1.2.840.113549.1.1.11";
/** P-256, by the name that TLS and by the one that NIST gave it (RFC 8422 5.1.1). */
const curves = ["secp256r1", "P-256", "prime256v1"];
/** Shorter keys are findings of their own; longer ones make cheap cameras slow. */
const shortestRsa = 2_048;
const wantedRsa = 3_072;

/** The best key that a camera can make for its TLS server; undefined where it makes none that is worth having. */
export const chooseKey = ({
  ellipticCurves,
  rsaKeyLengths,
  signatureAlgorithms,
}: Pick<SecurityCapabilities, "ellipticCurves" | "rsaKeyLengths" | "signatureAlgorithms">): KeyChoice | undefined => {
  // A camera that lists no algorithm at all is asked for the usual one.
  const signs = (oid: string): boolean => signatureAlgorithms.length === 0 || signatureAlgorithms.includes(oid);
  const curve = ellipticCurves.find((name) => curves.includes(name));
  if (curve !== undefined && signs(ecdsaWithSha256)) return { kind: "ecc", curve, signature: ecdsaWithSha256 };
  if (!signs(rsaWithSha256)) return undefined;
  const strong = rsaKeyLengths.filter((bits) => bits >= shortestRsa).toSorted((a, b) => a - b);
  const bits = strong.find((each) => each >= wantedRsa) ?? strong.at(-1);
  return bits === undefined ? undefined : { kind: "rsa", bits, signature: rsaWithSha256 };
};
