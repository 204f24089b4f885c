import { createHash, randomBytes } from "node:crypto";

import type { Challenge } from "./challenge.ts";

export type DigestHash = "md5" | "sha256";

/** A Digest challenge that can be answered. RFC 7616 3.3 */
export interface DigestChallenge {
  readonly hash: DigestHash;
  /** The `-sess` forms: the hash of the password is bound to the first nonces. */
  readonly session: boolean;
  /** As the server wrote it, to be sent back; undefined where it named none. */
  readonly algorithm: string | undefined;
  /** Undefined for the older form of RFC 2069. */
  readonly qop: "auth" | undefined;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** The nonce was too old, the password was right. */
  readonly stale: boolean;
}

const hashes = new Map<string, DigestHash>([
  ["md5", "md5"],
  ["sha-256", "sha256"],
  // Not registered, but some cameras write it so.
  ["sha256", "sha256"],
]);

/** Undefined where the challenge is no Digest, lacks its nonce, or asks for what is not spoken here (auth-int alone, other hashes). */
export const readDigestChallenge = ({ scheme, parameters }: Challenge): DigestChallenge | undefined => {
  const nonce = parameters.get("nonce");
  if (scheme !== "digest" || nonce === undefined) return undefined;
  const algorithm = parameters.get("algorithm");
  const name = (algorithm ?? "md5").toLowerCase();
  const session = name.endsWith("-sess");
  const hash = hashes.get(session ? name.slice(0, -"-sess".length) : name);
  const offered = (parameters.get("qop") ?? "").split(/[\s,]+/).filter((option) => option !== "");
  const qop = offered.some((option) => option.toLowerCase() === "auth") ? "auth" : undefined;
  if (hash === undefined || (offered.length > 0 && qop === undefined)) return undefined;
  return {
    hash,
    session,
    algorithm,
    qop,
    realm: parameters.get("realm") ?? "",
    nonce,
    opaque: parameters.get("opaque"),
    stale: parameters.get("stale")?.toLowerCase() === "true",
  };
};

export interface DigestLogin {
  /** Bytes of UTF-8 as a latin1 string, which is what goes over the wire. */
  readonly username: string;
  readonly password: string;
}

/** Answers one challenge for as many requests as the server takes; each is counted by `nc`. */
export class DigestResponder {
  readonly challenge: DigestChallenge;
  readonly #username: string;
  readonly #cnonce: string;
  /** H(A1): as good as the password for this realm, so it never leaves this object. */
  readonly #secretHash: string;
  #count = 0;

  /** @param cnonce for tests; random unless told */
  constructor(challenge: DigestChallenge, login: DigestLogin, cnonce: string = randomBytes(16).toString("hex")) {
    this.challenge = challenge;
    this.#username = login.username;
    this.#cnonce = cnonce;
    const plain = this.#hash(`${login.username}:${challenge.realm}:${login.password}`);
    this.#secretHash = challenge.session ? this.#hash(`${plain}:${challenge.nonce}:${cnonce}`) : plain;
  }

  /** The value of the Authorization header. */
  authorize(method: string, uri: string): string {
    const { nonce, qop, realm, opaque, algorithm, session } = this.challenge;
    this.#count += 1;
    const count = this.#count.toString(16).padStart(8, "0");
    const request = this.#hash(`${method}:${uri}`);
    const middle = qop === undefined ? nonce : `${nonce}:${count}:${this.#cnonce}:${qop}`;
    const response = this.#hash(`${this.#secretHash}:${middle}:${request}`);
    // RFC 7616 3.4: algorithm, qop and nc stand without quotes.
    return [
      `Digest username=${quote(this.#username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
      ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
      ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${count}`]),
      // The server cannot compute the session's hash without it.
      ...(qop === undefined && !session ? [] : [`cnonce="${this.#cnonce}"`]),
      ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ].join(", ");
  }

  /** Whether an Authorization header comes from this responder. */
  made(authorization: string): boolean {
    return authorization.includes(`nonce=${quote(this.challenge.nonce)}`);
  }

  #hash(text: string): string {
    return createHash(this.challenge.hash).update(text, "latin1").digest("hex");
  }
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
