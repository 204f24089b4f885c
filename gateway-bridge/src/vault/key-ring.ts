import { base32, GatehouseError } from "@gatehouse/shared";
import { createSecretKey, hkdfSync, randomBytes, timingSafeEqual, type KeyObject } from "node:crypto";

import { blob } from "../store/column.ts";
import type { Database, Migrations } from "../store/database.ts";
import { keyLength, type Place } from "./envelope.ts";

/** A key that wraps data keys, with the id under which rows name it. */
export interface RingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * The ring's rows. Keys are derived from the root key and the row's id, so nothing in the database is secret;
 * `proof` tells a wrong root key before it is used. One key seals; older ones stay for what they sealed.
 */
export const ringMigrations: Migrations = {
  name: "vault-keys",
  steps: [
    `CREATE TABLE vault_keys (
       id TEXT PRIMARY KEY,
       proof BLOB NOT NULL,
       sealing INTEGER NOT NULL CHECK (sealing IN (0, 1))
     ) STRICT;
     CREATE UNIQUE INDEX vault_keys_sealing ON vault_keys (sealing) WHERE sealing = 1`,
  ],
};

/** The keys of one root key. Holds no copy of the root key itself. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly sealing: RingKey;

  private constructor(keys: ReadonlyMap<string, KeyObject>, sealing: RingKey) {
    this.#keys = keys;
    this.sealing = sealing;
  }

  /** @throws GatehouseError `vault-corrupt` when the ring was made with another root key */
  static open(database: Database, rootKey: Buffer): KeyRing {
    const rows = database.sql.prepare("SELECT id, proof, sealing FROM vault_keys").all();
    const keys = new Map<string, KeyObject>();
    let sealing: RingKey | undefined;
    for (const row of rows) {
      const id = String(row["id"]);
      if (!proves(blob(row["proof"]), derive(rootKey, id, "proof"))) {
        throw new GatehouseError(
          "vault-corrupt",
          "the vault's key file is not the one that its database was made with",
        );
      }
      const key = createSecretKey(derive(rootKey, id, "wrapping"));
      keys.set(id, key);
      if (row["sealing"] === 1) sealing = { id, key };
    }
    if (sealing === undefined)
      throw new GatehouseError("vault-corrupt", "the vault's key ring has no key to seal with");
    return new KeyRing(keys, sealing);
  }

  /** Whether the ring was made with this root key; true of a ring without keys. */
  static isMadeWith(database: Database, rootKey: Buffer): boolean {
    const rows = database.sql.prepare("SELECT id, proof FROM vault_keys").all();
    return rows.every((row) => proves(blob(row["proof"]), derive(rootKey, String(row["id"]), "proof")));
  }

  /** Adds a key to the database and makes it the one that seals. */
  static addKey(database: Database, rootKey: Buffer): RingKey {
    const id = `key-${base32(randomBytes(10))}`;
    database.transaction(() => {
      database.sql.exec("UPDATE vault_keys SET sealing = 0");
      database.sql.prepare("INSERT INTO vault_keys VALUES (?, ?, 1)").run(id, derive(rootKey, id, "proof"));
    });
    return { id, key: createSecretKey(derive(rootKey, id, "wrapping")) };
  }

  /** The key that sealed what belongs there. @throws GatehouseError `vault-corrupt` */
  keyOf({ name, keyId }: Place): KeyObject {
    const key = this.#keys.get(keyId);
    if (key === undefined)
      throw new GatehouseError("vault-corrupt", `the key of the secret "${name}" is not in the ring`);
    return key;
  }
}

/** RFC 5869. The id is the salt, so every entry has keys of its own; the purpose keeps proof and key apart. */
const derive = (rootKey: Buffer, id: string, purpose: "proof" | "wrapping"): Buffer =>
  Buffer.from(hkdfSync("sha256", rootKey, id, `gatehouse vault 1 ${purpose}`, keyLength));

const proves = (stored: Buffer, expected: Buffer): boolean =>
  stored.length === expected.length && timingSafeEqual(stored, expected);
