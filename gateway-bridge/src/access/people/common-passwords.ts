import { readLines } from "./read-lines.ts";

const shipped = new URL("../../../data/common-passwords.txt", import.meta.url);

/** Passwords that leaked so often that they are tried first: the commonest are first in the file. */
export class CommonPasswords {
  readonly #passwords: ReadonlySet<string>;

  private constructor(passwords: ReadonlySet<string>) {
    this.#passwords = passwords;
  }

  static async open(): Promise<CommonPasswords> {
    return new CommonPasswords(new Set(await readLines(shipped)));
  }

  /** @param password in lower case */
  has(password: string): boolean {
    return this.#passwords.has(password);
  }
}
