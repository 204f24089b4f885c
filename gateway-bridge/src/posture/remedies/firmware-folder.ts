import { GatehouseError, systemCode, type Cancellable } from "@gatehouse/shared";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Larger ones are no camera's firmware. */
const longestFile = 256 * 1_048_576;
const mostFiles = 64;
const headLength = 1_048_576;

/** A file that the owner has laid into the folder. */
export interface FirmwareFile {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Where the owner lays firmware that is to be installed: regular files, nothing below. */
export class FirmwareFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** At most 64 of them, by name. Empty where there is no such folder. */
  async list({ signal }: Cancellable): Promise<readonly FirmwareFile[]> {
    const files: FirmwareFile[] = [];
    for (const name of (await namesIn(this.#folder)).toSorted().slice(0, mostFiles)) {
      signal.throwIfAborted();
      // What begins with a dot is being written.
      if (name.startsWith(".")) continue;
      const path = join(this.#folder, name);
      const { size: bytes, ...kind } = await statOf(path);
      if (kind.file && bytes > 0 && bytes <= longestFile)
        files.push({ name, bytes, sha256: await hashOf(path, signal) });
    }
    return files;
  }

  /** What the file begins with, at most a megabyte. */
  async head({ name }: FirmwareFile): Promise<Buffer> {
    await using file = await open(join(this.#folder, name), "r");
    const head = Buffer.alloc(headLength);
    const { bytesRead } = await file.read(head, 0, headLength, 0);
    return head.subarray(0, bytesRead);
  }

  /**
   * Takes a file in, piece by piece, under a name of its own; one of that name is replaced once the new one is whole. Whatever stops it leaves nothing.
   * @param wish `sha256`: what it has to be, hexadecimal
   * @throws GatehouseError `firmware-unfit` for what is empty, too long or another file; `storage-full`; and what the content throws
   */
  async keep(
    name: string,
    content: AsyncIterable<Uint8Array>,
    { signal, sha256: wanted }: Cancellable & { readonly sha256?: string | undefined },
  ): Promise<FirmwareFile> {
    if (!goodName.test(name)) throw new GatehouseError("firmware-unfit", `A firmware file cannot be called ${name}.`);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = join(this.#folder, `${partPrefix}${randomUUID()}`);
    const hash = createHash("sha256");
    let bytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of content) {
        bytes += piece.length;
        if (bytes > longestFile)
          throw new GatehouseError("firmware-unfit", `${name} is longer than any camera's firmware.`);
        hash.update(piece);
        yield piece;
      }
    };
    try {
      await pipeline(counted(), createWriteStream(part, { flags: "wx", mode: 0o600, flush: true }), { signal });
      if (bytes === 0) throw new GatehouseError("firmware-unfit", `${name} is empty.`);
      const sha256 = hash.digest("hex");
      if (wanted !== undefined && wanted.toLowerCase() !== sha256) throw another(name, sha256);
      await this.#forgetOldParts(part);
      await rename(part, join(this.#folder, name));
      return { name, bytes, sha256 };
    } catch (error) {
      throw isFull(error) ? noRoom(error) : error;
    } finally {
      await rm(part, { force: true });
    }
  }

  /** What a gateway that was cut off left behind: nobody takes a day to copy a file, as the times of the files themselves tell. */
  async #forgetOldParts(own: string): Promise<void> {
    const { mtimeMs: now } = await lstat(own);
    for (const name of await namesIn(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.startsWith(partPrefix) && path !== own && now - (await changedAt(path)) > dayMs)
        await rm(path, { force: true });
    }
  }

  /**
   * To be sent. Its end is held back until all of it was seen to be the file of that hash, so that what was exchanged meanwhile never arrives whole: it fails
   * with `firmware-unfit`.
   */
  content({ name, bytes: length, sha256 }: FirmwareFile): { readonly length: number; readonly open: () => Readable } {
    const path = join(this.#folder, name);
    return {
      length,
      open: () => Readable.from(unchanged(path, { name, bytes: length, sha256 }), { objectMode: false }),
    };
  }
}

const goodName = /^[^./\\\p{C}][^/\\\p{C}]{0,199}$/u;
const partPrefix = ".part-";
const dayMs = 86_400_000;

async function* unchanged(path: string, { name, bytes, sha256 }: FirmwareFile): AsyncGenerator<Buffer> {
  const changed = (): GatehouseError =>
    new GatehouseError("firmware-unfit", `${name} is not the file any more that was chosen.`);
  const hash = createHash("sha256");
  let read = 0;
  let held: Buffer | undefined;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(piece);
    read += piece.length;
    if (read > bytes) throw changed();
    if (held !== undefined) yield held;
    held = piece;
  }
  if (held === undefined || hash.digest("hex") !== sha256) throw changed();
  yield held;
}

const another = (name: string, sha256: string): GatehouseError =>
  new GatehouseError("firmware-unfit", `${name} is another file: its SHA-256 is ${sha256}.`, {
    remedy: "Fetch it again from the maker's own site.",
  });
const isFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "");
const noRoom = (cause: unknown): GatehouseError =>
  new GatehouseError("storage-full", "There is no room for the firmware file where the gateway keeps its data.", {
    cause,
  });

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
};

/** Links are not followed: what they lead to is no file that was laid here. */
const statOf = async (path: string): Promise<{ readonly file: boolean; readonly size: number }> => {
  const stat = await lstat(path);
  return { file: stat.isFile(), size: stat.size };
};

/** Never, where it has gone meanwhile. */
const changedAt = async (path: string): Promise<number> => {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Number.POSITIVE_INFINITY;
    throw error;
  }
};

const hashOf = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path, { signal })) hash.update(bytes as Buffer);
  return hash.digest("hex");
};
