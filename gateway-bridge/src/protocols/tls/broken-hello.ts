import { randomBytes } from "node:crypto";

/*
 * The first words of a handshake that nobody should go on with. OpenSSL, and Node with it, no longer knows what is offered here, so whether a
 * camera would still take it shows by its answer to words that are written by hand. RFC 6101 (SSL 3.0), RFC 5246 (TLS 1.2), 7.4.1.
 */

/** `ssl3` the protocol that POODLE broke (RFC 7568), `ciphers` suites that RFC 7465, RFC 9325 4.1 and CVE-2016-2183 forbid. */
export type BrokenOffer = "ssl3" | "ciphers";

/** What a server chose. */
export interface ServerHello {
  /** `SSLv3`, `TLSv1`, `TLSv1.1`, `TLSv1.2`. */
  readonly protocol: string;
  /** By its name in the registry of TLS (https://www.iana.org/assignments/tls-parameters). */
  readonly cipher: string;
}

const broken: ReadonlyMap<number, string> = new Map([
  [0x0001, "TLS_RSA_WITH_NULL_MD5"],
  [0x0002, "TLS_RSA_WITH_NULL_SHA"],
  [0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"],
  [0x0004, "TLS_RSA_WITH_RC4_128_MD5"],
  [0x0005, "TLS_RSA_WITH_RC4_128_SHA"],
  [0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"],
  [0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"],
  [0x0009, "TLS_RSA_WITH_DES_CBC_SHA"],
  [0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
  [0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"],
  [0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"],
  [0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"],
  [0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"],
  [0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA"],
  [0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"],
  [0x003b, "TLS_RSA_WITH_NULL_SHA256"],
  [0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"],
  [0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"],
  [0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA"],
  [0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"],
  [0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"],
]);

/** What a server of SSL 3.0 may choose beside the broken ones; there it is the protocol that is broken. */
const ofItsTime: ReadonlyMap<number, string> = new Map([
  [0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"],
  [0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"],
  [0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"],
  [0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"],
]);

const handshake = 22;
const helloOf = { client: 1, server: 2 } as const;
const versions: ReadonlyMap<number, string> = new Map([
  [0x0300, "SSLv3"],
  [0x0301, "TLSv1"],
  [0x0302, "TLSv1.1"],
  [0x0303, "TLSv1.2"],
]);

/** A ClientHello that offers nothing else. */
export const clientHello = (offer: BrokenOffer): Buffer => {
  const old = offer === "ssl3";
  const suites = old ? [...ofItsTime.keys(), ...broken.keys()] : [...broken.keys()];
  const noCompression = Buffer.of(1, 0);
  const body = Buffer.concat([
    uint16(old ? 0x0300 : 0x0303),
    randomBytes(32),
    // No session to go on with.
    Buffer.of(0),
    long(Buffer.concat(suites.map(uint16))),
    noCompression,
    ...(old ? [] : [long(extensions)]),
  ]);
  const message = Buffer.concat([Buffer.of(helloOf.client, 0), long(body)]);
  // RFC 5246 E.1: the record says an early version, because old servers look at it.
  return Buffer.concat([Buffer.of(handshake), uint16(old ? 0x0300 : 0x0301), long(message)]);
};

const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
/** With its length before it, in two bytes. */
const long = (content: Buffer): Buffer => Buffer.concat([uint16(content.length), content]);
const extension = (type: number, content: Buffer): Buffer => Buffer.concat([uint16(type), long(content)]);

/** RFC 8422 5.1, RFC 5246 7.4.1.4.1: without them a server has no curve and no signature to choose. */
const extensions = Buffer.concat([
  // P-256, P-384, P-521
  extension(10, long(Buffer.from("001700180019", "hex"))),
  extension(11, Buffer.of(1, 0)),
  // RSA and ECDSA, each by SHA-256, SHA-384, SHA-512 and SHA-1
  extension(13, long(Buffer.from("04010501060102010403050306030203", "hex"))),
]);

export type FirstWord =
  | { readonly kind: "hello"; readonly hello: ServerHello }
  | { readonly kind: "incomplete" }
  /** An alert, something else than TLS, or a choice that was not offered. */
  | { readonly kind: "other" };

/** Reads what a server says first: a record that holds a ServerHello, or an alert. */
export const readServerHello = (bytes: Buffer): FirstWord => {
  if (bytes.length < 5) return { kind: "incomplete" };
  const [type, major] = bytes;
  if (type !== handshake || major !== 3) return { kind: "other" };
  const record = bytes.subarray(5, 5 + bytes.readUInt16BE(3));
  // Its kind, its length, the version, 32 random bytes and the name of the session come before what is looked for, one byte behind it.
  const session = record[38];
  if (session === undefined || record.length < 42 + session) {
    return { kind: record.length < bytes.readUInt16BE(3) ? "incomplete" : "other" };
  }
  const protocol = versions.get(record.readUInt16BE(4));
  const suite = record.readUInt16BE(39 + session);
  const cipher = broken.get(suite) ?? (protocol === "SSLv3" ? ofItsTime.get(suite) : undefined);
  if (record[0] !== helloOf.server || protocol === undefined || cipher === undefined) return { kind: "other" };
  return { kind: "hello", hello: { protocol, cipher } };
};
