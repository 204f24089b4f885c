import { GatehouseError, systemCode, type Secret } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";
import { access, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { platform } from "node:os";

import {
  longestHeader,
  makePassphraseHeader,
  openPassphraseHeader,
  parsePassphraseHeader,
} from "../vault/passphrase-header.ts";
import type { Protection } from "../vault/root-key.ts";
import { formatContents, Unpacking, type Contents, type Part } from "./contents.ts";
import { openRecords, sealRecords, type FileKey } from "./sealed-records.ts";

/** A passphrase header of this kind, then sealed records with the contents. */
export const backupKind = "gatehouse-backup 1";

export interface BackupParts {
  readonly contents: Contents;
  /** The files' bytes, in the order of `contents`. */
  readonly files: AsyncIterable<Uint8Array>;
}

/**
 * Writes a backup, 0600, whole or not at all.
 * @throws GatehouseError `request-invalid` where there is a file of that name, or none can be written
 */
export const writeBackup = async (path: string, parts: BackupParts, protection: Protection): Promise<void> => {
  await refuseExisting(path);
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const { header, key } = await makePassphraseHeader(backupKind, protection);
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(header.bytes);
    for await (const record of sealRecords(packed(parts), { key, header: header.bytes })) await file.writeFile(record);
    await file.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new GatehouseError("request-invalid", `The backup cannot be written to ${path} (${code}).`, {
      cause: error,
      remedy: "Choose a folder that exists, that you may write to, and that has room.",
    });
  }
};

async function* packed({ contents, files }: BackupParts): AsyncGenerator<Uint8Array> {
  yield formatContents(contents);
  yield* files;
}

/** @throws GatehouseError `request-invalid` where there is a file of that name: a backup never takes another's place */
export const refuseExisting = async (path: string): Promise<void> => {
  try {
    await access(path);
  } catch {
    return;
  }
  throw new GatehouseError("request-invalid", `There is a file ${path} already.`, {
    remedy: "Choose another name: a backup never takes the place of an older one.",
  });
};

const syncFolder = async (path: string): Promise<void> => {
  if (platform() === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
};

/** An open backup whose passphrase was right. */
export class Backup implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #key: FileKey;

  private constructor(file: FileHandle, key: FileKey) {
    this.#file = file;
    this.#key = key;
  }

  /** @throws GatehouseError `not-found`, `backup-damaged`, `passphrase-wrong` */
  static async open(path: string, passphrase: () => Promise<Secret>): Promise<Backup> {
    const { file, start } = await openFile(path);
    try {
      const header = parsePassphraseHeader(backupKind, start);
      if (header === undefined) {
        throw new GatehouseError(
          "backup-damaged",
          `${path} is not a backup of Gatehouse that this version can read, or its beginning was damaged.`,
        );
      }
      const key = await openPassphraseHeader(header, await passphrase());
      return new Backup(file, { key, header: header.bytes });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads all of it, and gives nothing that is not proven. @throws GatehouseError `backup-damaged` */
  async *parts(): AsyncGenerator<Part, Contents> {
    const unpacking = new Unpacking();
    for await (const bytes of openRecords(this.#sealed(), this.#key)) yield* unpacking.push(bytes);
    return unpacking.end();
  }

  /** The same without its files: whether it is whole, and what it says of itself. */
  async verify(): Promise<Contents> {
    const parts = this.parts();
    for (;;) {
      const next = await parts.next();
      if (next.done === true) return next.value;
    }
  }

  async *#sealed(): AsyncGenerator<Buffer> {
    let position = this.#key.header.length;
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(65_552), 0, 65_552, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** The file, and as many of its first bytes as a header can have. */
const openFile = async (path: string): Promise<{ readonly file: FileHandle; readonly start: Buffer }> => {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const start = Buffer.alloc(longestHeader(backupKind));
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return { file, start: start.subarray(0, bytesRead) };
  } catch (cause) {
    await file?.close();
    throw new GatehouseError("not-found", `The backup ${path} cannot be read (${systemCode(cause) ?? "unknown"}).`, {
      cause,
      remedy: "Check its name, and that you may read it.",
    });
  }
};
