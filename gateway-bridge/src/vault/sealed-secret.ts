import { blob } from "../store/column.ts";
import type { Migrations } from "../store/database.ts";
import type { Envelope, Place } from "./envelope.ts";

export const secretMigrations: Migrations = {
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

/** A row of the table. */
export interface SealedSecret {
  readonly place: Place;
  readonly envelope: Envelope;
}

export const toSealedSecret = (row: Record<string, unknown>): SealedSecret => ({
  place: { name: String(row["name"]), version: Number(row["version"]), keyId: String(row["key_id"]) },
  envelope: { wrappedKey: blob(row["wrapped_key"]), sealed: blob(row["sealed"]) },
});
