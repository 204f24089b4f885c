import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

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
  /** Signs it; without, it signs itself. */
  readonly issuer?: TestCertificate & { readonly name: string };
  /** Default: a fresh P-256 pair. */
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** An X.509 certificate (RFC 5280 4.1) over a P-256 or RSA key, good for TLS in tests. Node can read certificates but not make them. */
export const makeCertificate = (options: TestCertificateOptions = {}): TestCertificate & { readonly name: string } => {
  const { name = "localhost", issuer, keys = generateKeyPairSync("ec", { namedCurve: "P-256" }) } = options;
  const spki = keys.publicKey.export({ type: "spki", format: "der" });
  const signingKey = issuer === undefined ? keys.privateKey : createPrivateKey(issuer.privateKey);
  const algorithm = signingKey.asymmetricKeyType === "ec" ? ecdsaWithSha256 : rsaWithSha256;
  const serial = Buffer.concat([Buffer.of(0x01), randomBytes(15)]);
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, serial),
    algorithm,
    commonName(issuer?.name ?? name),
    sequence(tlv(0x17, Buffer.from("200101000000Z")), tlv(0x17, Buffer.from("491231235959Z"))),
    commonName(name),
    spki,
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, signingKey)]));
  const lines =
    sequence(body, algorithm, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    name,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    pin: spkiPin(spki),
  };
};

/** One DER value (X.690 8.1) of at most 65,535 bytes. */
const tlv = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));

// 1.2.840.10045.4.3.2, and 1.2.840.113549.1.1.11 with its NULL parameters (RFC 4055 5)
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
const rsaWithSha256 = sequence(oid("2a864886f70d01010b"), tlv(0x05, Buffer.alloc(0)));

// 2.5.4.3
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(name, "utf8")))));
