import { base32, Secret, type PrincipalId } from "@gatehouse/shared";
import { hash, randomBytes } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import type { Database, Migrations } from "../../store/database.ts";

const migrations: Migrations = {
  name: "recovery-codes",
  steps: [
    `CREATE TABLE recovery_codes (
       principal TEXT NOT NULL REFERENCES principals (id),
       hash BLOB NOT NULL,
       PRIMARY KEY (principal, hash)
     ) STRICT, WITHOUT ROWID`,
  ],
};

const howMany = 10;
/** 26 characters of base32: 128 bits, which need no slow hash. */
const codeBytes = 16;
const pattern = /^[a-z2-7]{26}$/;

/** Codes on paper that stand for an authenticator that is lost, each once. */
export class RecoveryCodes {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteAll: StatementSync;
  readonly #count: StatementSync;

  constructor({ database }: { readonly database: Database }) {
    database.migrate(migrations);
    const { sql } = database;
    this.#database = database;
    this.#insert = sql.prepare("INSERT INTO recovery_codes VALUES (?, ?)");
    this.#delete = sql.prepare("DELETE FROM recovery_codes WHERE principal = ? AND hash = ?");
    this.#deleteAll = sql.prepare("DELETE FROM recovery_codes WHERE principal = ?");
    this.#count = sql.prepare("SELECT count(*) AS left FROM recovery_codes WHERE principal = ?");
  }

  /** Ten new ones, in the place of those before. */
  make(principal: PrincipalId): Secret[] {
    const codes = Array.from({ length: howMany }, () => base32(randomBytes(codeBytes)));
    this.#database.transaction(() => {
      this.#deleteAll.run(principal);
      for (const code of codes) this.#insert.run(principal, digest(code));
    });
    return codes.map((code) => Secret.of(code.replace(/.{5}(?=.)/g, "$&-")));
  }

  /** Uses a code up; false where it is none of the person's. Blanks and dashes do not count. */
  use(principal: PrincipalId, code: Secret): boolean {
    const plain = code.reveal().toLowerCase().replace(/[\s-]/g, "");
    return pattern.test(plain) && Number(this.#delete.run(principal, digest(plain)).changes) === 1;
  }

  left(principal: PrincipalId): number {
    return Number(this.#count.get(principal)?.["left"]);
  }

  forget(principal: PrincipalId): void {
    this.#deleteAll.run(principal);
  }
}

const digest = (code: string): Buffer => hash("sha256", code, "buffer");
