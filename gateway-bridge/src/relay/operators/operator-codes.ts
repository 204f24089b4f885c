import { base32, type Clock, type Secret, type TotpSecret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { generateURI, verifySync } from "otplib";

import type { SecretStore } from "../../ports.ts";
import type { OperatorId } from "./operator.ts";

/** RFC 4226 4: 160 bits. */
const secretBytes = 20;
const stepMs = 30_000;
const pattern = /^\d{6}$/;

export interface OperatorCodesOptions {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  /** What authenticators show beside the code. */
  readonly relay: string;
}

/** Codes of operators' authenticators, by RFC 6238: six digits, of now alone. Their secrets lie in the vault. */
export class OperatorCodes {
  readonly #options: OperatorCodesOptions;

  constructor(options: OperatorCodesOptions) {
    this.#options = options;
  }

  /** A new secret, in the place of the one before. */
  make(operator: OperatorId, label: string): TotpSecret {
    const secret = randomBytes(secretBytes);
    this.#options.secrets.put(nameOf(operator), secret);
    const text = base32(secret).toUpperCase();
    secret.fill(0);
    return { secret: text, uri: generateURI({ issuer: `Gatehouse ${this.#options.relay}`, label, secret: text }) };
  }

  /** The step (of 30 s since the epoch) that the code is of, if it is right now; each may be used once, which the caller sees to. */
  stepOf(operator: OperatorId, code: Secret): number | undefined {
    const token = code.reveal();
    const secret = this.#options.secrets.get(nameOf(operator));
    if (secret === undefined || !pattern.test(token)) return undefined;
    const now = Math.max(0, this.#options.clock.now());
    const { valid } = verifySync({ secret, token, epoch: Math.floor(now / 1_000), epochTolerance: 0 });
    secret.fill(0);
    return valid ? Math.floor(now / stepMs) : undefined;
  }

  forget(operator: OperatorId): void {
    this.#options.secrets.delete(nameOf(operator));
  }
}

const nameOf = (operator: OperatorId): string => `operator/${operator}/totp`;
