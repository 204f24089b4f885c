import { readFile } from "node:fs/promises";

/** The lines of a file that are neither empty nor a remark. */
export const readLines = async (file: string | URL): Promise<string[]> =>
  (await readFile(file, "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("# "));

const shipped = new URL("../../../data/common-passwords.txt", import.meta.url);

/** Passwords that leaked so often that they are tried first: the commonest are first in the file. */
export class BreachedList {
  readonly #passwords: ReadonlySet<string>;

  private constructor(passwords: ReadonlySet<string>) {
    this.#passwords = passwords;
  }

  static async open(file: string | URL = shipped): Promise<BreachedList> {
    return new BreachedList(new Set(await readLines(file)));
  }

  /** @param password in lower case */
  has(password: string): boolean {
    return this.#passwords.has(password);
  }
}
