import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { copyDatabase } from "../store/copy-database.ts";
import { Database } from "../store/database.ts";
import { InstanceLock } from "../store/instance-lock.ts";
import { noteDeed } from "../store/noted-deeds.ts";
import { finishPendingChange, isChangePending } from "../store/pending-change.ts";
import type { Protection } from "../vault/root-key.ts";
import { refuseExisting, writeBackup } from "./backup-file.ts";
import { backedUpFiles, type BackedUpFile, type Contents } from "./contents.ts";

export interface BackUpOptions {
  readonly data: string;
  /** Where the backup is to be. */
  readonly file: string;
  readonly protection: Protection;
  /** Of Gatehouse. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/** How often another command may come in between. */
const attempts = 3;

type SmallFiles = readonly { readonly name: BackedUpFile; readonly content: Buffer }[];

/**
 * Makes one encrypted file of everything that a gateway is: its database, its vault's key as it lies there (a passphrase stays
 * on it), its configuration. The gateway may run.
 */
export const backUp = async (options: BackUpOptions, { signal }: Cancellable): Promise<Contents> => {
  const { data, file, protection, version, now } = options;
  await prepare(options);
  const { copy, small } = await copyAll(data, signal);
  try {
    const files = [
      { name: "gatehouse.db" as const, length: (await stat(copy)).size },
      ...small.map(({ name, content }) => ({ name, length: content.length })),
    ];
    const contents: Contents = { version, made: now, files };
    await writeBackup(file, { contents, files: bytesOf(copy, small, signal) }, protection);
    return contents;
  } finally {
    for (const { content } of small) content.fill(0);
    await rm(copy, { force: true });
  }
};

/** Settles what a crash left, and notes the deed before it is done. */
const prepare = async ({ data, file, now }: BackUpOptions): Promise<void> => {
  if (await isChangePending(data)) {
    using _lock = InstanceLock.open(join(data, "gateway.lock"));
    await finishPendingChange(data);
  }
  if (!existsSync(join(data, "gatehouse.db"))) {
    throw new GatehouseError("not-found", `There is no gateway's data in ${data}.`, {
      remedy: "Name the gateway's data folder with --data.",
    });
  }
  await refuseExisting(file);
  using database = Database.open(join(data, "gatehouse.db"));
  noteDeed(database, { time: now, action: "backupMade", detail: file });
};

/**
 * The database's copy and the small files of the same moment. Keys only change while no gateway runs, by another command: where the
 * files are the same before and after the copying, one of the keys is the copy's.
 */
const copyAll = async (
  data: string,
  signal: AbortSignal,
): Promise<{ readonly copy: string; readonly small: SmallFiles }> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    signal.throwIfAborted();
    const before = await readSmallFiles(data);
    const copy = await copyDatabase(data);
    const after = await readSmallFiles(data);
    if (digestOf(before) === digestOf(after) && !(await isChangePending(data))) return { copy, small: after };
    await rm(copy, { force: true });
  }
  throw new GatehouseError("aborted", "Another command changed the data folder meanwhile; there is no backup.");
};

const readSmallFiles = async (data: string): Promise<SmallFiles> => {
  const found: { name: BackedUpFile; content: Buffer }[] = [];
  for (const name of backedUpFiles) {
    if (name === "gatehouse.db" || !existsSync(join(data, name))) continue;
    found.push({ name, content: await readFile(join(data, name)) });
  }
  return found;
};

const digestOf = (files: SmallFiles): string => {
  const digest = createHash("sha256");
  for (const { name, content } of files) digest.update(`${name} ${content.length}\n`).update(content);
  return digest.digest("hex");
};

async function* bytesOf(copy: string, small: SmallFiles, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await using database = await open(copy, "r");
  for await (const bytes of database.createReadStream({ autoClose: false, signal })) yield bytes as Buffer;
  for (const { content } of small) yield content;
}
