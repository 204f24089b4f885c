import { GatehouseError, systemCode, type Secret } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

/** 40 hexadecimal digits, a colon, how often it leaked, and a line's end: no line is longer. */
const longestLine = 64;
/** What is read whole in the end. */
const pageBytes = 4_096;
const lineForm = /^([0-9A-F]{40})(?::\d{1,12})?\r?$/i;

/** A line of the file, and where the next one begins. */
interface Line {
  readonly hash: string;
  readonly at: number;
  readonly next: number;
}

/**
 * Every password that is known to have leaked, as the owner keeps them in a file: SHA-1 of each, in order, as the downloader of
 * Have I Been Pwned writes them (https://github.com/HaveIBeenPwned/PwnedPasswordsDownloader). The file has tens of gigabytes: it is searched
 * where it lies, in sixty small readings or so, and no password is asked of anybody.
 */
export class BreachedPasswords implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #name: string;

  private constructor(file: FileHandle, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /** @throws GatehouseError `config-invalid` for a file that cannot be read, or holds something else */
  static async open(name: string): Promise<BreachedPasswords> {
    let file: FileHandle;
    try {
      file = await open(name, "r");
    } catch (cause) {
      throw unusable(`cannot be read (${systemCode(cause) ?? "unknown"})`, name, cause);
    }
    const list = new BreachedPasswords(file, name);
    try {
      await list.#assertInOrder();
    } catch (error) {
      await file.close();
      throw error;
    }
    return list;
  }

  /** @throws GatehouseError `config-invalid` where the file is no such list any more */
  async has(password: Secret): Promise<boolean> {
    const wanted = createHash("sha1").update(password.reveal().normalize("NFC")).digest("hex").toUpperCase();
    let [from, to] = [0, (await this.#file.stat()).size];
    while (to - from > pageBytes) {
      const middle = Math.floor((from + to) / 2);
      const line = await this.#lineAfter(middle);
      if (line === undefined || line.at >= to || line.hash > wanted) to = middle;
      else if (line.hash === wanted) return true;
      else from = line.at;
    }
    // A line that begins before the end may reach over it.
    const text = await this.#read(from, to - from + longestLine);
    return text
      .toUpperCase()
      .split("\n")
      .some((line) => line.startsWith(wanted));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** A list in any other order would be searched in vain, and nobody would see it. */
  async #assertInOrder(): Promise<void> {
    const hashes: string[] = [];
    let line = await this.#lineAt(0);
    for (; line !== undefined && hashes.length < 1_000; line = await this.#lineAt(line.next)) hashes.push(line.hash);
    if (hashes.length === 0) throw unusable("holds nothing", this.#name);
    const sorted = hashes.toSorted();
    if (hashes.some((hash, index) => hash !== sorted[index])) {
      throw unusable("is not in the order of its hashes", this.#name);
    }
  }

  /** The first line that begins behind a place; undefined where none does. */
  async #lineAfter(place: number): Promise<Line | undefined> {
    const text = await this.#read(place, longestLine);
    const end = text.indexOf("\n");
    if (end < 0 && text.length === longestLine) throw this.#malformed();
    return end < 0 ? undefined : await this.#lineAt(place + end + 1);
  }

  async #lineAt(at: number): Promise<Line | undefined> {
    const text = await this.#read(at, longestLine);
    if (text === "") return undefined;
    const end = text.indexOf("\n");
    const [, hash] = lineForm.exec(end < 0 ? text : text.slice(0, end)) ?? [];
    if (hash === undefined) throw this.#malformed();
    return { hash: hash.toUpperCase(), at, next: end < 0 ? at + text.length : at + end + 1 };
  }

  async #read(at: number, bytes: number): Promise<string> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, at);
    return buffer.toString("latin1", 0, bytesRead);
  }

  #malformed(): GatehouseError {
    return unusable("is no list of SHA-1 hashes, one in each line", this.#name);
  }
}

const unusable = (why: string, name: string, cause?: unknown): GatehouseError =>
  new GatehouseError("config-invalid", `signIn.breachedPasswords: ${name} ${why}`, {
    cause,
    remedy: "Name the file that the downloader of Have I Been Pwned writes (SHA-1, one file), or leave the key out.",
  });
