import { createHash, randomBytes, X509Certificate, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

import {
  bits,
  bitString,
  explicit,
  implicit,
  implicitSequence,
  objectId,
  octetString,
  sequence,
  set,
  time,
  unsigned,
  utf8String,
  yes,
} from "./der.ts";
import { signatureAlgorithm } from "./signature.ts";

export type CertificateUse =
  /** Of clients. */
  | { readonly kind: "authority" }
  /** Of servers, and of none but those `permitted`: DNS names with all that is below them, and networks as `10.0.0.0/8`. */
  | { readonly kind: "server-authority"; readonly permitted: readonly string[] }
  | { readonly kind: "client" }
  /** `names`: DNS names and addresses that the server answers to. */
  | { readonly kind: "server"; readonly names: readonly string[] };

export interface CertificateOptions {
  /** Common name. */
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly use: CertificateUse;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Signs with P-256 or Ed25519. The subject's own name and key make a self-signed certificate. */
  readonly issuer: { readonly name: string; readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** RFC 5280 4.1.2.5: the end of a certificate that has no end. */
export const noEnd: number = Date.UTC(9999, 11, 31, 23, 59, 59);

/** A version 3 certificate (RFC 5280 4.1) for a key on P-256 or Ed25519. */
export const makeCertificate = (options: CertificateOptions): X509Certificate => {
  const { subject, publicKey, notBefore, notAfter, issuer } = options;
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const body = sequence(
    explicit(0, unsigned(Buffer.of(2))),
    unsigned(randomBytes(16)),
    algorithm.identifier,
    commonName(issuer.name),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    spkiOf(publicKey),
    explicit(3, sequence(...extensions(options))),
  );
  return new X509Certificate(sequence(body, algorithm.identifier, bitString(algorithm.sign(body))));
};

/** Whether an authority that was made here can vouch for all of these, written as it was made with them. */
export const permits = ({ raw }: X509Certificate, permitted: readonly string[]): boolean =>
  permitted.every((each) => raw.includes(sequence(constrained(each))));

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

const commonName = (name: string): Buffer => sequence(set(sequence(objectId("2.5.4.3"), utf8String(name))));

/** RFC 5280 4.2.1.2, method 1, with SHA-256 cut to 160 bits (RFC 7093 2) over the whole SPKI. */
const keyId = (key: KeyObject): Buffer => createHash("sha256").update(spkiOf(key)).digest().subarray(0, 20);

const extension = (id: string, value: Buffer): Buffer => sequence(objectId(id), octetString(value));
const critical = (id: string, value: Buffer): Buffer => sequence(objectId(id), yes, octetString(value));

const extensions = ({ use, publicKey, issuer }: CertificateOptions): Buffer[] => [
  ...ownExtensions(use),
  extension("2.5.29.14", octetString(keyId(publicKey))),
  extension("2.5.29.35", sequence(implicit(0, keyId(issuer.publicKey)))),
];

const forClients = extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.2")));
const forServers = extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1")));
/** It signs certificates of clients or servers, never another authority: path length 0. */
const anyAuthority: readonly Buffer[] = [
  critical("2.5.29.19", sequence(yes, unsigned(Buffer.of(0)))),
  critical("2.5.29.15", bits(5)),
];

/** Basic constraints (RFC 5280 4.2.1.9), key usage (4.2.1.3), extended key usage (4.2.1.12). */
const ownExtensions = (use: CertificateUse): Buffer[] => {
  switch (use.kind) {
    case "authority":
      return [...anyAuthority];
    case "server-authority":
      return [...anyAuthority, forServers, critical("2.5.29.30", nameConstraints(use.permitted))];
    case "client":
      return [...endEntity, forClients];
    case "server":
      return [...endEntity, forServers, subjectAltNames(use.names)];
  }
};

/** Alternative names (4.2.1.6): DNS names and addresses. */
export const subjectAltNames = (names: readonly string[]): Buffer =>
  extension("2.5.29.17", sequence(...names.map(generalName)));

const endEntity: readonly Buffer[] = [critical("2.5.29.19", sequence()), critical("2.5.29.15", bits(0))];

const generalName = (name: string): Buffer =>
  isIP(name) === 0 ? implicit(2, Buffer.from(name, "latin1")) : implicit(7, addressBytes(name));

/** Permitted subtrees alone: what is named neither there nor elsewhere is refused. RFC 5280 4.2.1.10 */
const nameConstraints = (permitted: readonly string[]): Buffer =>
  sequence(implicitSequence(0, ...permitted.map((each) => sequence(constrained(each)))));

/** A name as it is; a network as its address and its mask. */
const constrained = (permitted: string): Buffer => {
  const [address = "", prefix] = permitted.split("/");
  if (prefix === undefined) return generalName(permitted);
  const bytes = addressBytes(address);
  return implicit(7, Buffer.concat([bytes, maskBytes(Number(prefix), bytes.length)]));
};

const maskBytes = (prefix: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - 8 * index)))));

/** Four bytes, or sixteen. */
const addressBytes = (address: string): Buffer => {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // The URL's form has hexadecimal groups only, also where the last two were written as an IPv4 address.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
};
