import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import { spkiPin } from "@gatehouse/shared";
import { signCertificate } from "@gatehouse/shared/testing";

import type { Brand } from "./brands.ts";
import type { TlsState } from "./camera-state.ts";

/** What can be wrong with a camera's TLS. `shared-key` the vendor put the same key into every camera. */
export const tlsFlaws = ["old-protocol", "short-key", "sha1", "expired", "shared-key"] as const;
export type TlsFlaw = (typeof tlsFlaws)[number];

export interface TlsOptions {
  /** The certificate's common name. */
  readonly name: string;
  readonly brand: Brand;
  readonly flaw: TlsFlaw | undefined;
}

/** A camera's first key and certificate, signed by itself, in use. */
export const makeTls = ({ name, brand, flaw }: TlsOptions): TlsState => {
  const key =
    flaw === "shared-key"
      ? vendorKey(brand)
      : flaw === "short-key" || flaw === "sha1"
        ? rsaKey(flaw === "short-key" ? 1_024 : 2_048)
        : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const pem = selfSigned(name, key, {
    ...(flaw === "expired" ? { notBefore: "100101000000Z", notAfter: "200101000000Z" } : {}),
    ...(flaw === "sha1" ? { sha1: true } : {}),
  });
  return {
    keys: [{ id: "key-0", alias: "factory", privateKey: toPem(key) }],
    certificates: [{ id: "cert-0", alias: "factory", key: "key-0", pem }],
    paths: [{ id: "path-0", alias: "factory", certificates: ["cert-0"] }],
    assigned: ["path-0"],
    versions: flaw === "old-protocol" ? ["1.0", "1.1", "1.2"] : ["1.2", "1.3"],
  };
};

/** A certificate that signs itself, PEM. */
export const selfSigned = (
  name: string,
  privateKey: KeyObject,
  options: { readonly notBefore?: string; readonly notAfter?: string; readonly sha1?: boolean } = {},
): string => signCertificate(name, createPublicKey(privateKey), { name, privateKey }, options);

export const toPem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

/** SHA-256 of a private key's public half, base64url, as the gateway pins it. */
export const pinOf = (privateKey: string): string =>
  spkiPin(createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" }));

/** What is served now: the certificate that is assigned, with its key. */
export const servedIdentity = (tls: TlsState): { readonly key: string; readonly cert: string } | undefined => {
  const path = tls.paths.find(({ id }) => tls.assigned.includes(id));
  const certificate = tls.certificates.find(({ id }) => id === path?.certificates[0]);
  const key = tls.keys.find(({ id }) => id === certificate?.key);
  return certificate === undefined || key === undefined ? undefined : { key: key.privateKey, cert: certificate.pem };
};

const rsaKey = (bits: number): KeyObject => generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;

const vendorKeys = new Map<Brand, KeyObject>();
const vendorKey = (brand: Brand): KeyObject => {
  const known = vendorKeys.get(brand) ?? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  vendorKeys.set(brand, known);
  return known;
};

/** The pin of the key that the vendor put into every camera. */
export const vendorPinOf = (brand: Brand): string => pinOf(toPem(vendorKey(brand)));
