import { nonceBytes, saltBytes } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

/** Admissions by one salt; then comes a new one. */
export const mostByOneSalt = 4_096;
/** No more even by a relay that goes on giving out the salt before. */
const mostByOldSalt = 2 * mostByOneSalt;

interface Generation {
  readonly salt: Buffer;
  readonly used: Set<string>;
}

const generation = (): Generation => ({ salt: randomBytes(saltBytes), used: new Set() });

/**
 * The nonces that admissions of one tunnel were made with. Only those are kept that a device signed, so a relay alone cannot fill it; the
 * two newest salts are good, since a device may just be signing with the one before.
 */
export class NonceMemory {
  #current = generation();
  #before: Generation | undefined;

  /** The front of each nonce from now on, base64url. */
  get salt(): string {
    return this.#current.salt.toString("base64url");
  }

  judge(nonce: string): "fresh" | "used" | "foreign" {
    const { of, rest } = this.#split(nonce);
    if (of === undefined || of.used.size >= mostByOldSalt) return "foreign";
    return of.used.has(rest) ? "used" : "fresh";
  }

  /** @returns whether there is a new salt by now, which the relay has to hear of */
  keep(nonce: string): boolean {
    const { of, rest } = this.#split(nonce);
    of?.used.add(rest);
    if (this.#current.used.size < mostByOneSalt) return false;
    [this.#before, this.#current] = [this.#current, generation()];
    return true;
  }

  /** By its bytes: base64url has several texts for them. */
  #split(nonce: string): { readonly of: Generation | undefined; readonly rest: string } {
    const bytes = Buffer.from(nonce, "base64url");
    const salt = bytes.subarray(0, saltBytes);
    const of = [this.#current, this.#before].find((each) => each?.salt.equals(salt));
    return { of: bytes.length === nonceBytes ? of : undefined, rest: bytes.toString("latin1", saltBytes) };
  }
}
