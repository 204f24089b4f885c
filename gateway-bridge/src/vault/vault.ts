import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { SecretStore } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { seal, unseal } from "./envelope.ts";
import { KeyRing } from "./key-ring.ts";
import { makeRootKey, type AskPassphrase } from "./root-key.ts";
import { settleRootKey } from "./rotation.ts";
import { toSealedSecret } from "./sealed-secret.ts";

export interface VaultOptions {
  readonly database: Database;
  /** Path of the root key. Who has the database and this file has the secrets; who lacks either has nothing. */
  readonly keyFile: string;
  /** Asked where a passphrase protects the root key. */
  readonly passphrase?: AskPassphrase;
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
    this.#select = database.sql.prepare("SELECT * FROM vault_secrets WHERE name = ?");
    this.#upsert = database.sql.prepare(
      `INSERT INTO vault_secrets VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
         version = excluded.version, key_id = excluded.key_id,
         wrapped_key = excluded.wrapped_key, sealed = excluded.sealed`,
    );
    this.#delete = database.sql.prepare("DELETE FROM vault_secrets WHERE name = ?");
  }

  /**
   * Opens the vault; the first time, makes its key.
   * @throws GatehouseError `vault-key-missing`, `vault-corrupt`, `file-permissions`, `vault-locked` or `passphrase-wrong`
   */
  static async open(options: VaultOptions, cancel: Cancellable): Promise<Vault> {
    const { database, keyFile } = options;
    cancel.signal.throwIfAborted();
    const found = (await settleRootKey(options))?.rootKey;
    if (found === undefined && count(database, "vault_secrets") > 0) {
      throw new GatehouseError(
        "vault-key-missing",
        `${keyFile} is gone, and the stored secrets cannot be read without it`,
      );
    }
    // Keys that sealed nothing are worth nothing without the file they came from.
    if (found === undefined) database.sql.exec("DELETE FROM vault_keys");
    const rootKey = found ?? (await makeRootKey(keyFile, cancel));
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
    const { place, envelope } = toSealedSecret(row);
    return unseal(this.#ring.keyOf(place), place, envelope);
  }

  delete(name: string): void {
    this.#delete.run(name);
  }
}

const count = (database: Database, table: "vault_keys" | "vault_secrets"): number =>
  Number(database.sql.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
