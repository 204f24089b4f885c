/** One crypto session of the SRTP map. RFC 3830 6.1.1 */
export interface MikeySession {
  /** Number of the security policy. */
  readonly policy: number;
  readonly ssrc: number;
  /** SRTP's rollover counter. */
  readonly rollover: number;
}

/** A key that a KEMAC carries. RFC 3830 6.13 */
export interface MikeyKey {
  /** TEK: used as it is. TGK: keys are drawn from it. */
  readonly kind: "tek" | "tgk";
  readonly key: Buffer;
  /** Empty where it is not apart from the key. */
  readonly salt: Buffer;
  /** SRTP's master key identifier, as every packet carries it; mostly empty. */
  readonly mki: Buffer;
}

/** The parts of a MIKEY message that SRTP needs. RFC 3830 */
export interface MikeyMessage {
  /** Of the bundle of crypto sessions. */
  readonly bundle: number;
  readonly sessions: readonly MikeySession[];
  /** Parameters of SRTP policies, by policy number and type. RFC 3830 6.10.1 */
  readonly policies: ReadonlyMap<number, ReadonlyMap<number, Buffer>>;
  readonly keys: readonly MikeyKey[];
}

/** RFC 3830 6.1, table 6.1.b */
export const payloadTypes = {
  last: 0,
  keys: 1,
  time: 5,
  id: 6,
  certificate: 7,
  verification: 9,
  policy: 10,
  random: 11,
  keyData: 20,
  extension: 21,
} as const;

/** RFC 3830 6.10.1, table 6.10.1.a */
export const srtpParameters = {
  encryption: 0,
  encryptionKeyLength: 1,
  authentication: 2,
  authenticationKeyLength: 3,
  saltLength: 4,
  prf: 5,
  derivationRate: 6,
  encrypts: 7,
  authenticates: 10,
  tagLength: 11,
} as const;
