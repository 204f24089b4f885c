import { GatehouseError, type Secret } from "@gatehouse/shared";

import { decideLogin, isWeaker, type AuthScheme, type Offer } from "./auth-policy.ts";
import { parseChallenges, type Challenge } from "./challenge.ts";
import { DigestResponder, readDigestChallenge } from "./digest.ts";

export type { AuthScheme } from "./auth-policy.ts";

export interface AuthorizerOptions {
  readonly credentials: { readonly username: string; readonly password: Secret } | undefined;
  /** Whether the connection is encrypted to a key that is known. */
  readonly secure: boolean;
  /** The strongest login that the camera asked for so far, over all connections. */
  readonly memory: { readonly floor: AuthScheme; raise(scheme: AuthScheme): void };
}

/** The request that a 401 answers. */
export interface ChallengedRequest {
  /** Its Authorization header; undefined if it had none. */
  readonly authorization: string | undefined;
}

/** One way of answering the server's last challenge. */
interface Login {
  readonly scheme: AuthScheme;
  readonly authorize: (method: string, uri: string) => string;
  /** Whether an Authorization header was made by this login. */
  readonly made: (authorization: string) => boolean;
}

/** Nonces that may go stale one after the other without a request being accepted in between. */
const maxStaleInARow = 2;

/** Logs in to one camera, for requests of HTTP and RTSP alike. Each password is tried once: cameras lock accounts. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  #login: Login | undefined;
  /** Of the present login: a request went out with it, and one was accepted. */
  #tried = false;
  #proven = false;
  #staleInARow = 0;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /**
   * Takes every WWW-Authenticate header of a 401 answer. Where requests overlap, `request` tells which of them was refused,
   * so that one that went out before the login is not taken for a refused password; without it the last login was.
   * @throws GatehouseError `camera-credentials` (none are known, or they were refused though the nonce was not stale),
   * `camera-weaker-auth`, `camera-basic-refused`, `camera-answer-malformed`
   */
  challenge(headers: readonly string[], request?: ChallengedRequest): void {
    const offer = this.#choose(headers);
    const credentials = this.#options.credentials;
    if (credentials === undefined) {
      throw new GatehouseError("camera-credentials", "the camera asks for a login, and none is known");
    }
    if (request !== undefined && this.#isOvertaken(request)) return;
    this.#judgeRefusal(offer);
    this.#login = logIn(offer, credentials);
    this.#tried = false;
    this.#proven = false;
  }

  /**
   * The Authorization header for the next request, of bytes as latin1 characters; undefined before any challenge.
   * The nonce is used again, with a rising count.
   */
  authorize(method: string, uri: string): string | undefined {
    if (this.#login === undefined) return undefined;
    this.#tried = true;
    return this.#login.authorize(method, uri);
  }

  /**
   * An authorised request, or one that must be, was accepted: raises the memory's floor to the login used.
   * @throws GatehouseError `camera-weaker-auth` if no login was asked for, though one was before
   */
  accepted(): void {
    const scheme = this.#login?.scheme ?? "none";
    if (isWeaker(scheme, this.#options.memory.floor)) throw weaker(scheme, this.#options.memory.floor);
    this.#options.memory.raise(scheme);
    this.#proven = true;
    this.#staleInARow = 0;
  }

  /** Whether what was accepted so far is as strong as what the camera asked for before; until then nothing of it is to be trusted. */
  get isSatisfied(): boolean {
    const accepted = this.#proven && this.#login !== undefined ? this.#login.scheme : "none";
    return !isWeaker(accepted, this.#options.memory.floor);
  }

  #choose(headers: readonly string[]): Offer {
    const { secure, memory } = this.#options;
    const offers = parseChallenges(headers).flatMap(offersOf);
    const decision = decideLogin({ offers, secure, floor: memory.floor });
    switch (decision.kind) {
      case "answer":
        return decision.offer;
      case "weaker":
        throw weaker(decision.offered, memory.floor);
      case "readable":
        throw new GatehouseError(
          "camera-basic-refused",
          "the camera asks for the password in readable form over a connection that anybody can read",
        );
      case "unknown":
        throw new GatehouseError("camera-answer-malformed", "the camera asks for a login that Gatehouse does not know");
    }
  }

  /** The refused request went out before the present login was there. */
  #isOvertaken({ authorization }: ChallengedRequest): boolean {
    if (this.#login === undefined) return false;
    return authorization === undefined || !this.#login.made(authorization);
  }

  #judgeRefusal(offer: Offer): void {
    // Many cameras let a nonce run out without calling it stale: a login that once was accepted is worth another try.
    if (!this.#tried || this.#proven) return;
    const stale = offer.scheme !== "basic" && offer.digest.stale;
    this.#staleInARow += 1;
    if (stale && this.#staleInARow <= maxStaleInARow) return;
    throw new GatehouseError("camera-credentials", "the camera refused the user name or the password");
  }
}

const weaker = (offered: AuthScheme, floor: AuthScheme): GatehouseError =>
  new GatehouseError("camera-weaker-auth", `the camera asked for the login ${floor} before, and now for ${offered}`, {
    details: { offered, floor },
  });

/** What a challenge offers; nothing where it is not spoken here. */
const offersOf = (challenge: Challenge): readonly Offer[] => {
  if (challenge.scheme === "basic") return [{ scheme: "basic" }];
  const digest = readDigestChallenge(challenge);
  if (digest === undefined) return [];
  return [{ scheme: digest.hash === "sha256" ? "digest-sha-256" : "digest-md5", digest }];
};

/** Passwords are UTF-8 (RFC 7616 4, RFC 7617 2.1); everything here is hashed and sent as bytes in latin1 strings. */
const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

const logIn = (offer: Offer, credentials: NonNullable<AuthorizerOptions["credentials"]>): Login => {
  const username = bytesOf(credentials.username);
  const password = bytesOf(credentials.password.reveal());
  // A line break in the name would end the header and begin one of the writer's choice.
  if (/[\p{Cc}]/u.test(credentials.username)) {
    throw new GatehouseError("camera-credentials", "the user name holds control characters");
  }
  if (offer.scheme === "basic") {
    const header = `Basic ${Buffer.from(`${username}:${password}`, "latin1").toString("base64")}`;
    return { scheme: "basic", authorize: () => header, made: (authorization) => authorization === header };
  }
  const responder = new DigestResponder(offer.digest, { username, password });
  return {
    scheme: offer.scheme,
    authorize: (method, uri) => responder.authorize(method, uri),
    made: (authorization) => responder.made(authorization),
  };
};
