import { base32 } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { constants, gunzipSync } from "node:zlib";

import { writingsOf } from "./writings.ts";

const length = 32;

/** 32 letters that stand nowhere else in the world, to be looked for where they must not come out. */
export class Canary {
  readonly text: string;
  readonly #forms: readonly Buffer[];

  constructor(text: string = base32(randomBytes(20))) {
    if (text.length !== length) throw new Error(`a canary has ${length} letters`);
    this.text = text;
    this.#forms = writingsOf(Buffer.from(text));
  }

  /** Whether it is in there, as it is or in another writing: UTF-16, base64, hexadecimal, percent signs; compressed or not. */
  isIn(bytes: Buffer): boolean {
    return this.#isPlainlyIn(bytes) || inflated(bytes).some((inner) => this.#isPlainlyIn(inner));
  }

  #isPlainlyIn(bytes: Buffer): boolean {
    return this.#forms.some((form) => bytes.includes(form));
  }
}

/** RFC 1952 2.3.1 */
const gzipMagic = Buffer.from([0x1f, 0x8b, 8]);

/** What lies compressed in there. */
const inflated = (bytes: Buffer): Buffer[] => {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(gzipMagic); at >= 0; at = bytes.indexOf(gzipMagic, at + 1)) {
    try {
      found.push(gunzipSync(bytes.subarray(at), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 }));
    } catch {
      // It only looked like it.
    }
  }
  return found;
};
