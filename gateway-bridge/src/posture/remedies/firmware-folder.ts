import { GatehouseError, systemCode, type Cancellable } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

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

  /** The whole of it. @throws GatehouseError `firmware-unfit` where it is no longer the file of that hash */
  async read({ name, bytes, sha256 }: FirmwareFile): Promise<Buffer> {
    await using file = await open(join(this.#folder, name), "r");
    const content = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(content, 0, bytes, 0);
    const hash = createHash("sha256").update(content.subarray(0, bytesRead)).digest("hex");
    if (hash === sha256) return content;
    throw new GatehouseError("firmware-unfit", `${name} is not the file any more that was chosen.`);
  }
}

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

const hashOf = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path, { signal })) hash.update(bytes as Buffer);
  return hash.digest("hex");
};
