import { Secret } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

import { parseBasic } from "../../protocols/auth/basic-login.ts";
import type { DigestAlgorithm } from "../../protocols/rtsp-server/digest-guard.ts";

/** The name that goes with it, where a program must give one. */
export const localUser = "gatehouse";
/** What programs are told that they log in to. */
export const localRealm = "Gatehouse, away from home";

const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;

/**
 * What a local program must show on each request: other users of this computer, and pages in its browser, reach the loopback ports too.
 * It is drawn anew with every start, and is good for nothing but these two ports.
 */
export class LocalCredential {
  /** 256 bits, base64url. */
  readonly secret: Secret;
  readonly #hash: Buffer;

  private constructor(secret: string) {
    this.secret = Secret.of(secret);
    this.#hash = hash("sha256", secret, "buffer");
  }

  static draw(): LocalCredential {
    return new LocalCredential(randomBytes(32).toString("base64url"));
  }

  /** Whether an Authorization header holds it: `Bearer` with it (RFC 6750 2.1), or `Basic` with the user `gatehouse`. */
  isIn(authorization: string | undefined): boolean {
    const given = authorization === undefined ? undefined : readPassword(authorization);
    return given !== undefined && timingSafeEqual(hash("sha256", given, "buffer"), this.#hash);
  }

  /** What Digest needs of it, H(user:realm:password); undefined for any other user. RFC 7616 3.4.2 */
  ha1(username: string, algorithm: DigestAlgorithm): Buffer | undefined {
    if (username !== localUser) return undefined;
    return hash(hashes[algorithm], `${localUser}:${localRealm}:${this.secret.reveal()}`, "buffer");
  }
}

const readPassword = (authorization: string): string | undefined => {
  const token = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(authorization)?.[1];
  if (token !== undefined) return token;
  const login = parseBasic(authorization);
  return login?.username === localUser ? login.password : undefined;
};
