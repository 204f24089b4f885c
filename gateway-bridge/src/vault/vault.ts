import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { SecretStore } from "../ports.ts";
import { blob } from "../store/column.ts";
import type { Database, Migrations } from "../store/database.ts";
import { seal, unseal } from "./envelope.ts";
import { makeKeyFile, readKeyFile } from "./key-file.ts";
import { KeyRing, ringMigrations } from "./key-ring.ts";

const secretMigrations: Migrations = {
  name: "vault-secrets",
  steps: [
    `CREATE TABLE vault_secrets (
       name TEXT PRIMARY KEY,
       version INTEGER NOT NULL,
       key_id TEXT NOT NULL REFERENCES vault_keys (id),
       wrapped_key BLOB NOT NULL,
       sealed BLOB NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],
};

export interface VaultOptions {
  readonly database: Database;
  /** Path of the root key. Who has the database and this file has the secrets; who lacks either has nothing. */
  readonly keyFile: string;
}

/**
 * Secrets by name, each under a key of its own. A changed or exchanged row is noticed when it is read; an older copy of the
 * same row is not, nor is a deleted one: that takes a memory outside of the database.
 */
export class Vault implements SecretStore {
  readonly #database: Database;
  readonly #ring: KeyRing;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  private constructor(database: Database, ring: KeyRing) {
    this.#database = database;
    this.#ring = ring;
    this.#select = database.sql.prepare(
      "SELECT version, key_id, wrapped_key, sealed FROM vault_secrets WHERE name = ?",
    );
    this.#upsert = database.sql.prepare(
      `INSERT INTO vault_secrets VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
         version = excluded.version, key_id = excluded.key_id,
         wrapped_key = excluded.wrapped_key, sealed = excluded.sealed`,
    );
    this.#delete = database.sql.prepare("DELETE FROM vault_secrets WHERE name = ?");
  }

  /**
   * Opens the vault; the first time, makes its key.
   * @throws GatehouseError `vault-key-missing`, `vault-corrupt` or `file-permissions`
   */
  static async open({ database, keyFile }: VaultOptions, cancel: Cancellable): Promise<Vault> {
    cancel.signal.throwIfAborted();
    database.migrate(ringMigrations);
    database.migrate(secretMigrations);
    const found = await readKeyFile(keyFile);
    if (found === undefined && count(database, "vault_secrets") > 0) {
      throw new GatehouseError(
        "vault-key-missing",
        `${keyFile} is gone, and the stored secrets cannot be read without it`,
      );
    }
    // Keys that sealed nothing are worth nothing without the file they came from.
    if (found === undefined) database.sql.exec("DELETE FROM vault_keys");
    const rootKey = found ?? (await makeKeyFile(keyFile, cancel));
    try {
      // Also after a crash between the making of the file and this.
      if (count(database, "vault_keys") === 0) KeyRing.addKey(database, rootKey);
      return new Vault(database, KeyRing.open(database, rootKey));
    } finally {
      rootKey.fill(0);
    }
  }

  put(name: string, content: Uint8Array): void {
    const { id: keyId, key } = this.#ring.sealing;
    this.#database.transaction(() => {
      const version = Number(this.#select.get(name)?.["version"] ?? 0) + 1;
      const { wrappedKey, sealed } = seal(key, { name, version, keyId }, content);
      this.#upsert.run(name, version, keyId, wrappedKey, sealed);
    });
  }

  /** @throws GatehouseError `vault-corrupt` */
  get(name: string): Buffer | undefined {
    const row = this.#select.get(name);
    if (row === undefined) return undefined;
    const keyId = String(row["key_id"]);
    const key = this.#ring.get(keyId);
    if (key === undefined)
      throw new GatehouseError("vault-corrupt", `the key of the secret "${name}" is not in the ring`);
    const envelope = { wrappedKey: blob(row["wrapped_key"]), sealed: blob(row["sealed"]) };
    return unseal(key, { name, version: Number(row["version"]), keyId }, envelope);
  }

  delete(name: string): void {
    this.#delete.run(name);
  }
}

const count = (database: Database, table: "vault_keys" | "vault_secrets"): number =>
  Number(database.sql.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
