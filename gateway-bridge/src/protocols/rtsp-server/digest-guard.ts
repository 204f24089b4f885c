import type { Clock } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

import { parseBasic } from "../auth/basic-login.ts";
import { parseChallenges, type Challenge } from "../auth/challenge.ts";
import { streamOf } from "./track-url.ts";

export type DigestAlgorithm = "MD5" | "SHA-256";

export interface DigestGuardOptions {
  readonly realm: string;
  /** The connection is encrypted: a password may then come in readable form. */
  readonly secure: boolean;
  readonly clock: Clock;
  /** H(username:realm:password); undefined for nobody's name. */
  readonly ha1: (username: string, algorithm: DigestAlgorithm) => Buffer | undefined;
}

/** A request that wants in. */
export interface GuardedRequest {
  readonly method: string;
  readonly uri: string;
  /** Its Authorization header. */
  readonly authorization: string | undefined;
}

export type LoginVerdict =
  | { readonly kind: "accepted"; readonly username: string }
  /** No login came with it. */
  | { readonly kind: "missing" }
  /** The login is right, and its nonce is too old, used before, or of another connection. */
  | { readonly kind: "stale" }
  | { readonly kind: "refused" };

const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;
/** How long a nonce is good. */
const nonceMs = 5 * 60_000;
/** What a name of nobody is compared with, so that it takes as long as another. */
const nobody = Buffer.alloc(32);

/**
 * Asks for a login on one connection and checks what comes. A nonce is random and good on this connection alone, for five minutes, and each
 * of its counts once; so what was overheard elsewhere opens nothing. Players that count nothing (RFC 2069) are taken too: GStreamer
 * and live555 are among them.
 */
export class DigestGuard {
  readonly #options: DigestGuardOptions;
  #nonce: { readonly text: string; readonly madeAt: number; count: number } | undefined;

  constructor(options: DigestGuardOptions) {
    this.#options = options;
  }

  /** The values of the WWW-Authenticate headers of a 401 answer. */
  challenges({ stale }: { readonly stale: boolean }): readonly string[] {
    const { realm, secure } = this.#options;
    const nonce = this.#freshNonce();
    const digest = (algorithm: DigestAlgorithm): string =>
      `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ", stale=true" : ""}`;
    // RFC 7616 3.7: the best first. MD5 is the last Digest, because FFmpeg and GStreamer speak no other and keep the last that they read.
    return [digest("SHA-256"), digest("MD5"), ...(secure ? [`Basic realm="${realm}", charset="UTF-8"`] : [])];
  }

  verify({ method, uri, authorization }: GuardedRequest): LoginVerdict {
    if (authorization === undefined) return { kind: "missing" };
    if (/^basic\s/i.test(authorization)) return this.#verifyBasic(authorization);
    const [challenge] = parseChallenges([authorization]);
    const login = challenge && readLogin(challenge);
    if (login === undefined || !meansSame(login.uri, uri) || login.realm !== this.#options.realm) {
      return { kind: "refused" };
    }
    if (!this.#isRight(login, method)) return { kind: "refused" };
    return this.#spend(login) ? { kind: "accepted", username: login.username } : { kind: "stale" };
  }

  #verifyBasic(authorization: string): LoginVerdict {
    const login = parseBasic(authorization);
    if (!this.#options.secure || login === undefined) return { kind: "refused" };
    const { username, password } = login;
    const ha1 = this.#options.ha1(username, "SHA-256");
    const given = hash("sha256", `${username}:${this.#options.realm}:${password}`, "buffer");
    const right = timingSafeEqual(given, ha1 ?? nobody) && ha1 !== undefined;
    return right ? { kind: "accepted", username } : { kind: "refused" };
  }

  /** RFC 7616 3.4.1, and RFC 2069 2.1.2 where there is no `qop`. */
  #isRight(login: DigestLogin, method: string): boolean {
    const { algorithm, username, nonce, uri, counted, response } = login;
    const digest = (text: string): string => hash(hashes[algorithm], Buffer.from(text, "latin1"), "hex");
    const ha1 = this.#options.ha1(username, algorithm);
    const middle = counted === undefined ? nonce : `${nonce}:${counted.nc}:${counted.cnonce}:auth`;
    const expected = digest(`${(ha1 ?? nobody).toString("hex")}:${middle}:${digest(`${method}:${uri}`)}`);
    const [given, right] = [response, expected].map((each) => Buffer.from(each, "latin1")) as [Buffer, Buffer];
    return given.length === right.length && timingSafeEqual(given, right) && ha1 !== undefined;
  }

  /** Whether the nonce is this connection's, young enough, and its count not used before. */
  #spend({ nonce, counted }: DigestLogin): boolean {
    const known = this.#nonce;
    if (known?.text !== nonce || this.#isOld(known.madeAt)) return false;
    if (counted === undefined) return true;
    const count = Number.parseInt(counted.nc, 16);
    if (count <= known.count) return false;
    known.count = count;
    return true;
  }

  #freshNonce(): string {
    const { clock } = this.#options;
    // The one that is out is kept: a request that waits for its login may have been sent with it already.
    if (this.#nonce === undefined || this.#nonce.count > 0 || this.#isOld(this.#nonce.madeAt)) {
      this.#nonce = { text: randomBytes(16).toString("base64url"), madeAt: clock.monotonic(), count: 0 };
    }
    return this.#nonce.text;
  }

  #isOld(madeAt: number): boolean {
    return this.#options.clock.monotonic() - madeAt > nonceMs;
  }
}

interface DigestLogin {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Undefined for the older form, which counts nothing. */
  readonly counted: { readonly nc: string; readonly cnonce: string } | undefined;
  readonly response: string;
}

/** Undefined where it is no Digest, or not one that was asked for. */
const readLogin = ({ scheme, parameters }: Challenge): DigestLogin | undefined => {
  const algorithm = readAlgorithm(parameters.get("algorithm"));
  const [username, realm, nonce, uri, response] = ["username", "realm", "nonce", "uri", "response"].map((name) =>
    parameters.get(name),
  );
  if (scheme !== "digest" || algorithm === undefined || realm === undefined) return undefined;
  if (username === undefined || nonce === undefined || uri === undefined || response === undefined) return undefined;
  const login = { algorithm, username, realm, nonce, uri, response: response.toLowerCase() };
  const qop = parameters.get("qop");
  if (qop === undefined) return { ...login, counted: undefined };
  const [nc = "", cnonce] = [parameters.get("nc"), parameters.get("cnonce")];
  if (qop.toLowerCase() !== "auth" || !/^[\da-f]{8}$/i.test(nc) || cnonce === undefined) return undefined;
  return { ...login, counted: { nc, cnonce } };
};

const readAlgorithm = (text = "MD5"): DigestAlgorithm | undefined => {
  const name = text.toUpperCase();
  return name === "MD5" || name === "SHA-256" ? name : undefined;
};

/**
 * Some players hash the path alone. live555, and VLC by it, hashes the stream's URL in every request, those for one of its tracks as
 * well (RTSPClient.cpp, `createAuthenticatorString(request->commandName(), fBaseURL)`): whoever has the stream has its tracks.
 */
const meansSame = (hashed: string, requested: string): boolean => {
  const path = (uri: string): string => uri.replace(/^rtsps?:\/\/[^/?]*/i, "");
  const [own, asked] = [path(hashed), path(requested)];
  return own === asked || own.replace(/\/$/, "") === streamOf(asked);
};
