import { createHash } from "node:crypto";

import type { SoapRequest } from "./soap.ts";

export interface TokenGuardOptions {
  /** The password that an account has now; undefined where there is no such account. */
  readonly passwordOf: (username: string) => string | undefined;
  /** The camera's own clock. */
  readonly now: () => number;
  /** How far a token's time may be from the camera's. */
  readonly toleranceMs: number;
  /** Refuses a nonce that was used before. */
  readonly refuseTokenReplay: boolean;
}

/** The camera's side of WS-Security's UsernameToken in its digest form. */
export class TokenGuard {
  readonly #options: TokenGuardOptions;
  /** Nonces of tokens whose time is still acceptable, with that time. */
  readonly #used = new Map<string, number>();

  constructor(options: TokenGuardOptions) {
    this.#options = options;
  }

  /** Undefined when the request carries no token. */
  check(request: SoapRequest): "allowed" | "denied" | undefined {
    const judgement = this.judge(request);
    return judgement === undefined ? undefined : judgement.verdict === "allowed" ? "allowed" : "denied";
  }

  /** As `check`, and says whose token it is; `late` the password is right, but not the time, or the nonce was used before. */
  judge(
    request: SoapRequest,
  ): { readonly verdict: "allowed" | "denied" | "late"; readonly username: string } | undefined {
    const username = request.header.text("Username");
    if (username === undefined) return undefined;
    return { verdict: this.#judge(request, username), username };
  }

  #judge(request: SoapRequest, username: string): "allowed" | "denied" | "late" {
    const [nonce = "", created = "", digest] = ["Nonce", "Created", "Password"].map((name) =>
      request.header.text(name),
    );
    const { passwordOf, now, toleranceMs, refuseTokenReplay } = this.#options;
    const password = passwordOf(username);
    if (password === undefined) return "denied";
    const expected = createHash("sha1")
      .update(Buffer.from(nonce, "base64"))
      .update(created + password);
    if (digest !== expected.digest("base64")) return "denied";
    const at = Date.parse(created);
    // Not within, rather than beyond: an unreadable time is NaN.
    if (!(Math.abs(at - now()) <= toleranceMs) || (refuseTokenReplay && this.#used.has(nonce))) return "late";
    for (const [old, time] of this.#used) if (now() - time > toleranceMs) this.#used.delete(old);
    this.#used.set(nonce, at);
    return "allowed";
  }
}
