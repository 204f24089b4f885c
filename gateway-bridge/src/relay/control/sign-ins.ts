import type { Clock } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

import type { OperatorId } from "../operators/operator.ts";

/** How long a sign-in lasts, in ms. */
export const signInLasts = 10 * 60_000;

interface SignIn {
  readonly digest: Buffer;
  readonly pin: string;
  /** Of the clock that nobody can set. */
  readonly until: number;
}

/** Who is signed in, in this process alone: one sign-in for each operator, good on connections by the operator's own key. */
export class SignIns {
  readonly #clock: Clock;
  readonly #byOperator = new Map<OperatorId, SignIn>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** In the place of the operator's last one. The token is 256 bits, base64url: a secret. */
  begin({ id, pin }: { readonly id: OperatorId; readonly pin: string }): { token: string; expires: number } {
    const token = randomBytes(32).toString("base64url");
    this.#byOperator.set(id, { digest: digest(token), pin, until: this.#clock.monotonic() + signInLasts });
    return { token, expires: this.#clock.now() + signInLasts };
  }

  /** Whether the token is of this operator's sign-in, with this key, and that is not over. */
  has({ id, pin }: { readonly id: OperatorId; readonly pin: string }, token: string): boolean {
    const signIn = this.#byOperator.get(id);
    if (signIn === undefined || signIn.pin !== pin || this.#clock.monotonic() >= signIn.until) return false;
    return timingSafeEqual(signIn.digest, digest(token));
  }

  end(id: OperatorId): void {
    this.#byOperator.delete(id);
  }
}

const digest = (token: string): Buffer => hash("sha256", token, "buffer");
