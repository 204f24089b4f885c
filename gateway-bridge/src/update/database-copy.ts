import { readPrivateFile, writePrivateFile } from "@gatehouse/shared";
import { chown, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { openForeignFile } from "./foreign-file.ts";
import { syncFolder } from "./unpack-release.ts";
import { fingerprintOfVaultKey } from "./vault-key-file.ts";

/** The database with what a crashed gateway left beside it; SQLite makes the third of its files anew. */
const databaseFiles = ["gatehouse.db", "gatehouse.db-wal"] as const;
/** What a gateway needs beside its database to open it. */
const companions = ["vault.key", "config.json", "cli.json"] as const;
/** Lies beside a kept database: the fingerprint of the key that opens it. The key itself is never kept, or rotating it were in vain. */
const fingerprintFile = "vault.key.sha256";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** To whom a data folder belongs. */
export const ownerOf = async (data: string): Promise<Owner> => {
  const { uid, gid } = await stat(data);
  return { uid, gid };
};

/** Copies the database of a gateway that does not run. What is there is whole: it is made beside it and renamed. */
export const keepDatabase = async (data: string, to: string): Promise<void> => {
  const draft = `${to}.part`;
  await rm(draft, { recursive: true, force: true });
  await rm(to, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  for (const name of databaseFiles) await copyIfThere(join(data, name), join(draft, name));
  const fingerprint = await fingerprintOfVaultKey(data);
  if (fingerprint !== undefined) await writePrivateFile(join(draft, fingerprintFile), fingerprint);
  await rename(draft, to);
  await syncFolder(join(to, ".."));
};

/** Whether the vault's key file is still the one that a kept database was used with. */
export const isKeyUnchanged = async (kept: string, data: string): Promise<boolean> => {
  const before = await readPrivateFile(join(kept, fingerprintFile));
  return before?.toString() === (await fingerprintOfVaultKey(data));
};

/**
 * Makes a data folder of copies, for a version to try itself on. It belongs to the gateway's user.
 * @param database the folder whose database is tried
 */
export const makeTrial = async (data: string, database: string, to: string): Promise<void> => {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { mode: 0o700 });
  const owner = await ownerOf(data);
  for (const name of databaseFiles) await copyIfThere(join(database, name), join(to, name), owner);
  for (const name of companions) await copyIfThere(join(data, name), join(to, name), owner);
  await chown(to, owner.uid, owner.gid);
};

/**
 * Puts a kept database back into the data folder of a gateway that does not run. May be cut off and done again; until it is done,
 * the folder must not be used. The folder is another user's, so nothing in it is followed or written over: only renamed.
 */
export const restoreDatabase = async (kept: string, data: string): Promise<void> => {
  const owner = await ownerOf(data);
  for (const side of ["-wal", "-shm"]) await rm(join(data, `gatehouse.db${side}`), { force: true });
  for (const name of databaseFiles) {
    const draft = join(data, `${name}.restoring`);
    await rm(draft, { force: true });
    if (await copyIfThere(join(kept, name), draft, owner)) await rename(draft, join(data, name));
  }
  await syncFolder(data);
};

const copyIfThere = async (from: string, to: string, owner?: Owner): Promise<boolean> => {
  await using reading = await openForeignFile(from);
  if (reading === undefined) return false;
  await using writing = await open(to, "wx", 0o600);
  for await (const chunk of reading.createReadStream({ autoClose: false })) await writing.writeFile(chunk as Buffer);
  if (owner !== undefined) await writing.chown(owner.uid, owner.gid);
  await writing.sync();
  return true;
};
