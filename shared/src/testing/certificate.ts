import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

import { spkiPin } from "../client/pinned-tls.ts";

/** A certificate made for one test, with its key. */
export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** SHA-256 of the SPKI, base64url. */
  readonly pin: string;
}

export interface TestCertificateOptions {
  readonly name?: string;
  /** Default: a fresh P-256 pair. */
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** Signs it; without, it signs itself. */
  readonly issuer?: { readonly name: string; readonly privateKey: KeyObject };
}

/** A certificate with its key, good for TLS in tests. */
export const makeCertificate = (options: TestCertificateOptions = {}): TestCertificate => {
  const { name = "localhost", keys = generateKeyPairSync("ec", { namedCurve: "P-256" }) } = options;
  const { publicKey, privateKey } = keys;
  return {
    certificate: signCertificate(name, publicKey, options.issuer ?? { name, privateKey }),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    pin: spkiPin(publicKey.export({ type: "spki", format: "der" })),
  };
};

export interface SigningOptions {
  /** UTCTime: `200101000000Z`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Signs by SHA-1, as nobody should; of RSA keys alone. */
  readonly sha1?: boolean;
}

/** An X.509 certificate (RFC 5280 4.1), PEM, signed by a P-256, Ed25519 or RSA key. Node can read certificates but not make them. */
export const signCertificate = (
  name: string,
  publicKey: KeyObject,
  issuer: { readonly name: string; readonly privateKey: KeyObject },
  { notBefore = "200101000000Z", notAfter = "491231235959Z", sha1 = false }: SigningOptions = {},
): string => {
  const type = issuer.privateKey.asymmetricKeyType as keyof typeof algorithms;
  const { algorithm, digest } = sha1 ? rsaWithSha1 : algorithms[type];
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.concat([Buffer.of(0x01), randomBytes(15)])),
    algorithm,
    commonName(issuer.name),
    sequence(tlv(0x17, Buffer.from(notBefore)), tlv(0x17, Buffer.from(notAfter))),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    ...(issuer.name === name ? [authority] : []),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), sign(digest, body, issuer.privateKey)]));
  const lines =
    sequence(body, algorithm, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
};

/** One DER value (X.690 8.1) of at most 65,535 bytes. */
const tlv = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));

// 1.2.840.10045.4.3.2; 1.3.101.112 (RFC 8410 3), which hashes by itself; 1.2.840.113549.1.1.11 with its NULL parameters (RFC 4055 5)
const algorithms = {
  ec: { algorithm: sequence(oid("2a8648ce3d040302")), digest: "sha256" },
  ed25519: { algorithm: sequence(oid("2b6570")), digest: null },
  rsa: { algorithm: sequence(oid("2a864886f70d01010b"), tlv(0x05, Buffer.alloc(0))), digest: "sha256" },
} as const;

// 1.2.840.113549.1.1.5
const rsaWithSha1 = {
  algorithm: sequence(oid("2a864886f70d010105"), tlv(0x05, Buffer.alloc(0))),
  digest: "sha1",
} as const;

// Critical basicConstraints 2.5.29.19 with cA TRUE (RFC 5280 4.2.1.9): what signed itself may sign others.
const yes = tlv(0x01, Buffer.of(0xff));
const authority = tlv(0xa3, sequence(sequence(oid("551d13"), yes, tlv(0x04, sequence(yes)))));

// 2.5.4.3
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(name, "utf8")))));
