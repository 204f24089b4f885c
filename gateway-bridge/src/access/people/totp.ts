import { base32, Secret, type Clock, type PrincipalId, type TotpSecret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { generateURI, verifySync } from "otplib";

import type { SecretStore } from "../../ports.ts";

/** RFC 4226 4: 160 bits. */
const secretBytes = 20;
const stepMs = 30_000;
/** How far apart two clocks may be for the difference to be told. */
const farthestSteps = 10;
const pattern = /^\d{6}$/;

export interface TotpOptions {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  /** What authenticators show beside the code. */
  readonly issuer: string;
}

/** Codes of authenticators, by RFC 6238: six digits, of now alone. The secrets lie in the vault. */
export class Totp {
  readonly #options: TotpOptions;

  constructor(options: TotpOptions) {
    this.#options = options;
  }

  /** A new secret. It counts for nothing until a code has shown that an authenticator has it. */
  start(principal: PrincipalId, label: string): TotpSecret {
    const secret = randomBytes(secretBytes);
    this.#options.secrets.put(nameOf(principal, "offered"), secret);
    const text = base32(secret).toUpperCase();
    secret.fill(0);
    return { secret: text, uri: generateURI({ issuer: this.#options.issuer, label, secret: text }) };
  }

  /** Puts the new secret in the place of the one before, if the code shows it; the code's step, or undefined. */
  confirm(principal: PrincipalId, code: Secret): number | undefined {
    const { secrets } = this.#options;
    const offered = secrets.get(nameOf(principal, "offered"));
    const step = offered && this.#stepOf(offered, code);
    if (offered === undefined || step === undefined) return undefined;
    secrets.put(nameOf(principal, "kept"), offered);
    secrets.delete(nameOf(principal, "offered"));
    offered.fill(0);
    return step;
  }

  /**
   * By how many seconds the clock is ahead of an authenticator that is set up with this code; undefined where it is none of the five minutes
   * around. Only for who sets one up: whoever guesses must not learn that a code was right once.
   */
  offBy(principal: PrincipalId, code: Secret): number | undefined {
    const offered = this.#options.secrets.get(nameOf(principal, "offered"));
    if (offered === undefined) return undefined;
    const steps = Array.from({ length: 2 * farthestSteps + 1 }, (_, index) => index - farthestSteps);
    const found = steps.find((step) => this.#stepOf(offered, code, step * stepMs) !== undefined);
    return found === undefined || found === 0 ? undefined : (-found * stepMs) / 1_000;
  }

  /** The step (of 30 s since the epoch) that the code is of, if it is right now; each may be used once, which the caller sees to. */
  check(principal: PrincipalId, code: Secret): number | undefined {
    const kept = this.#options.secrets.get(nameOf(principal, "kept"));
    return kept && this.#stepOf(kept, code);
  }

  forget(principal: PrincipalId): void {
    for (const state of ["offered", "kept"] as const) this.#options.secrets.delete(nameOf(principal, state));
  }

  #stepOf(secret: Buffer, code: Secret, ahead = 0): number | undefined {
    const token = code.reveal();
    if (!pattern.test(token)) return undefined;
    const now = Math.max(0, this.#options.clock.now() + ahead);
    const epoch = Math.floor(now / 1_000);
    const { valid } = verifySync({ secret, token, epoch, epochTolerance: 0 });
    return valid ? Math.floor(now / stepMs) : undefined;
  }
}

const nameOf = (principal: PrincipalId, state: "offered" | "kept"): string => `person/${principal}/totp-${state}`;
