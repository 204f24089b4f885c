import { generateKeyPairSync, type X509Certificate } from "node:crypto";

import { makeCertificate, noEnd, type CertificateOptions } from "../certificate.ts";

export const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const clientKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const edwardsKeys = generateKeyPairSync("ed25519");
export const authority = { name: "clients of gw-x", ...keys };

/** The certificate of the clients' authority, by itself; another where it is told otherwise. */
export const make = (over: Partial<CertificateOptions>): X509Certificate =>
  makeCertificate({
    subject: "clients of gw-x",
    publicKey: keys.publicKey,
    use: { kind: "authority" },
    notBefore: 0,
    notAfter: noEnd,
    issuer: authority,
    ...over,
  });
