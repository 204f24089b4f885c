import type { Secret } from "@gatehouse/shared";
import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from "node:crypto";
import { promisify } from "node:util";

import { formatPhc, parsePhc, type Argon2Hash } from "./phc.ts";

/** Argon2id. RFC 9106 3 */
export type Argon2id = (parameters: Argon2Parameters) => Promise<Buffer>;

const run = promisify(argon2);
export const argon2id: Argon2id = (parameters) => run("argon2id", parameters);

/** What OWASP asks for at least with one pass: 46 MiB. */
export const cost = { memory: 47_104, passes: 1, parallelism: 1 } as const;
const saltBytes = 16;
const tagBytes = 32;

/** Passwords as they are kept. */
export class PasswordHash {
  readonly #argon2id: Argon2id;
  /** Stands in for who has none. */
  readonly #decoy: Argon2Hash = { ...cost, salt: randomBytes(saltBytes), tag: Buffer.alloc(tagBytes) };

  constructor(derive: Argon2id = argon2id) {
    this.#argon2id = derive;
  }

  /** As a PHC string, with a salt of its own. */
  async make(password: Secret): Promise<string> {
    const parameters = { ...cost, salt: randomBytes(saltBytes) };
    return formatPhc({ ...parameters, tag: await this.#derive(password, { ...parameters, tag: this.#decoy.tag }) });
  }

  /** Takes one hash whatever `stored` is: nobody learns from the time whether somebody has a password, or is there at all. */
  async verify(stored: string | null | undefined, password: Secret): Promise<boolean> {
    const known = parsePhc(stored ?? "");
    const expected = known ?? this.#decoy;
    const right = timingSafeEqual(await this.#derive(password, expected), expected.tag);
    return right && known !== undefined;
  }

  /** Whether it was made with other parameters than passwords are today. */
  isOutdated(stored: string): boolean {
    const { memory, passes, parallelism } = parsePhc(stored) ?? { memory: 0, passes: 0, parallelism: 0 };
    return memory !== cost.memory || passes !== cost.passes || parallelism !== cost.parallelism;
  }

  /** The same accents may be written in two ways, and keyboards differ in which. */
  #derive(password: Secret, { memory, passes, parallelism, salt, tag }: Argon2Hash): Promise<Buffer> {
    const message = Buffer.from(password.reveal().normalize("NFC"));
    return this.#argon2id({ message, nonce: salt, memory, passes, parallelism, tagLength: tag.length });
  }
}
