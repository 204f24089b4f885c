import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";

import type { Database } from "../store/database.ts";
import { noteDeed } from "../store/noted-deeds.ts";
import { keyLength, seal, unseal } from "./envelope.ts";
import { KeyRing, ringMigrations } from "./key-ring.ts";
import type { PassphraseCost } from "./passphrase-header.ts";
import { readRootKey, writeRootKey, type AskPassphrase, type RootKey } from "./root-key.ts";
import { secretMigrations, toSealedSecret } from "./sealed-secret.ts";

const nextOf = (keyFile: string): string => `${keyFile}.next`;

export interface RootKeyPlace {
  readonly database: Database;
  readonly keyFile: string;
  readonly passphrase?: AskPassphrase;
}

/**
 * The root key of this database, or undefined where there is none. After a crash in a rotation there are two files: the one that
 * the database was changed to, or not yet, is kept, and the other goes.
 * @throws GatehouseError as `readRootKey`
 */
export const settleRootKey = async ({ database, keyFile, passphrase }: RootKeyPlace): Promise<RootKey | undefined> => {
  database.migrate(ringMigrations);
  database.migrate(secretMigrations);
  const next = nextOf(keyFile);
  let asked: ReturnType<AskPassphrase> | undefined;
  const ask = passphrase && (() => (asked ??= passphrase()));
  const [current, coming] = [await readRootKey(keyFile, ask), await readRootKey(next, ask)];
  if (coming === undefined) return current;
  if (current !== undefined && KeyRing.isMadeWith(database, current.rootKey)) {
    coming.rootKey.fill(0);
    await rm(next);
    return current;
  }
  if (!KeyRing.isMadeWith(database, coming.rootKey)) {
    throw new GatehouseError("vault-corrupt", "neither of the vault's key files is the one of its database");
  }
  current?.rootKey.fill(0);
  await finish(database, keyFile);
  return coming;
};

export interface RotationOptions extends RootKeyPlace {
  /** Of a guess at the passphrase, where there is one. */
  readonly cost: PassphraseCost;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Draws a new root key and seals every secret anew, so that the old key file opens nothing that is here. The database must have a
 * vault, and nobody else may use it meanwhile. Killed at any moment, it leaves the old keys or the new; `settleRootKey` decides.
 * @returns how many secrets there are
 */
export const rotateRootKey = async (options: RotationOptions, { signal }: Cancellable): Promise<number> => {
  const { database, keyFile, cost, now } = options;
  const old = await settleRootKey(options);
  if (old === undefined) throw new GatehouseError("vault-key-missing", `${keyFile} is gone`);
  const rootKey = randomBytes(keyLength);
  try {
    signal.throwIfAborted();
    const ring = KeyRing.open(database, old.rootKey);
    const { passphrase } = old;
    await writeRootKey(nextOf(keyFile), rootKey, passphrase && { passphrase, cost });
    const secrets = database.transaction(() => {
      const resealed = resealAll(database, ring, rootKey);
      noteDeed(database, { time: now, action: "vaultRotated", detail: `${resealed} secrets` });
      return resealed;
    });
    await finish(database, keyFile);
    return secrets;
  } finally {
    old.rootKey.fill(0);
    rootKey.fill(0);
  }
};

const finish = async (database: Database, keyFile: string): Promise<void> => {
  await rename(nextOf(keyFile), keyFile);
  // Else what the old key had sealed would lie on in the -wal file.
  database.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
};

const resealAll = (database: Database, old: KeyRing, rootKey: Buffer): number => {
  const { id: keyId, key } = KeyRing.addKey(database, rootKey);
  const rows = database.sql.prepare("SELECT * FROM vault_secrets").all();
  const update = database.sql.prepare(
    "UPDATE vault_secrets SET key_id = ?, wrapped_key = ?, sealed = ? WHERE name = ?",
  );
  for (const { place, envelope } of rows.map(toSealedSecret)) {
    const content = unseal(old.keyOf(place), place, envelope);
    const { wrappedKey, sealed } = seal(key, { ...place, keyId }, content);
    content.fill(0);
    update.run(keyId, wrappedKey, sealed, place.name);
  }
  database.sql.prepare("DELETE FROM vault_keys WHERE id <> ?").run(keyId);
  return rows.length;
};
