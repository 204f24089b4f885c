import { randomInt } from "node:crypto";

import { readLines } from "./read-lines.ts";

const shipped = new URL("../../../data/words.txt", import.meta.url);
/** 12.9 bits a word. */
const wordsInAll = 7_776;
const shortest = 15;

/** Passwords that people can remember and nobody guesses at the few tries an hour that the gateway allows: 38 bits. */
export class ThreeWords {
  readonly #words: readonly string[];

  private constructor(words: readonly string[]) {
    this.#words = words;
  }

  static async open(): Promise<ThreeWords> {
    const words = await readLines(shipped);
    if (words.length !== wordsInAll) throw new TypeError(`${words.length} words instead of ${wordsInAll}`);
    return new ThreeWords(words);
  }

  /** Three words, of 15 characters or more. */
  propose(): string {
    for (;;) {
      const words = Array.from({ length: 3 }, () => this.#words[randomInt(this.#words.length)] ?? "");
      const text = words.join("-");
      if (text.length >= shortest) return text;
    }
  }
}
