import { createHash } from "node:crypto";

import type { SoapRequest } from "./soap.ts";

export interface TokenGuardOptions {
  readonly username: string;
  readonly password: string;
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
    const username = request.text("Username");
    if (username === undefined) return undefined;
    const [nonce = "", created = "", digest] = ["Nonce", "Created", "Password"].map((name) => request.text(name));
    const { password, now, toleranceMs, refuseTokenReplay } = this.#options;
    const at = Date.parse(created);
    // Not within, rather than beyond: an unreadable time is NaN.
    if (username !== this.#options.username || !(Math.abs(at - now()) <= toleranceMs)) return "denied";
    const expected = createHash("sha1")
      .update(Buffer.from(nonce, "base64"))
      .update(created + password);
    if (digest !== expected.digest("base64") || (refuseTokenReplay && this.#used.has(nonce))) return "denied";
    for (const [old, time] of this.#used) if (now() - time > toleranceMs) this.#used.delete(old);
    this.#used.set(nonce, at);
    return "allowed";
  }
}
