import { base32, PrincipalId, Secret, type Clock } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import type { GuessCount } from "../../domain/guess-count.ts";
import { blob } from "../../store/column.ts";
import type { Database, Migrations } from "../../store/database.ts";
import { judgeCode, lifetimeOf, type CodePurpose } from "./one-time-code-policy.ts";

const migrations: Migrations = {
  name: "one-time-codes",
  steps: [
    `CREATE TABLE one_time_codes (
       locator TEXT PRIMARY KEY,
       purpose TEXT NOT NULL,
       principal TEXT REFERENCES principals (id),
       secret_hash BLOB NOT NULL,
       made INTEGER NOT NULL,
       evaluated INTEGER NOT NULL DEFAULT 0
     ) STRICT, WITHOUT ROWID`,
  ],
};

/** 25 bits say which code is meant, 105 bits that it is known. */
const locatorLength = 5;
const codeLength = 26;
const pattern = /^[a-z2-7]{26}$/;

export interface OneTimeCodesOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Where attempts are counted. */
  readonly guessed?: GuessCount;
}

export interface MadeCode {
  readonly code: Secret;
  readonly expires: number;
}

/**
 * Codes that let somebody in once, to set up a password. Guesses that do not even name a code are not looked at, and those that do
 * are few for each: so no flood of guesses comes near a code, nor uses its tries up.
 */
export class OneTimeCodes {
  readonly #clock: Clock;
  readonly #guessed: GuessCount | undefined;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #count: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteOf: StatementSync;

  constructor({ database, clock, guessed }: OneTimeCodesOptions) {
    database.migrate(migrations);
    const { sql } = database;
    this.#clock = clock;
    this.#guessed = guessed;
    this.#select = sql.prepare("SELECT * FROM one_time_codes WHERE locator = ? AND purpose = ?");
    this.#insert = sql.prepare(
      "INSERT INTO one_time_codes (locator, purpose, principal, secret_hash, made) VALUES (?, ?, ?, ?, ?)",
    );
    this.#count = sql.prepare("UPDATE one_time_codes SET evaluated = evaluated + 1 WHERE locator = ?");
    this.#delete = sql.prepare("DELETE FROM one_time_codes WHERE locator = ?");
    this.#deleteOf = sql.prepare("DELETE FROM one_time_codes WHERE purpose = ? AND principal IS ?");
  }

  /** In the place of the one before for the same end. */
  make(purpose: CodePurpose, principal: PrincipalId | null): MadeCode {
    const text = base32(randomBytes(17)).slice(0, codeLength);
    const made = this.#clock.now();
    this.#deleteOf.run(purpose, principal);
    const locator = text.slice(0, locatorLength);
    // Two that share 25 bits: the older one goes.
    this.#delete.run(locator);
    this.#insert.run(locator, purpose, principal, digest(text), made);
    return { code: Secret.of(text.replace(/.{5}(?=.)/g, "$&-")), expires: made + lifetimeOf[purpose] };
  }

  /** Uses the code up: whom it was made for (null for nobody yet), or undefined where it is wrong, was used, or is too old. */
  use(purpose: CodePurpose, code: Secret): { readonly principal: PrincipalId | null } | undefined {
    const plain = code.reveal().toLowerCase().replace(/[\s-]/g, "");
    const named = this.#named(purpose, plain);
    this.#guessed?.add(named === undefined ? "refused" : "evaluated");
    if (named === undefined) return undefined;
    const locator = plain.slice(0, locatorLength);
    this.#count.run(locator);
    if (!timingSafeEqual(digest(plain), blob(named["secret_hash"]))) return undefined;
    this.#delete.run(locator);
    return { principal: PrincipalId.nullable().parse(named["principal"]) };
  }

  /** The code that is meant, if it may still be compared. */
  #named(purpose: CodePurpose, plain: string): Record<string, unknown> | undefined {
    if (!pattern.test(plain)) return undefined;
    const locator = plain.slice(0, locatorLength);
    const row = this.#select.get(locator, purpose);
    if (row === undefined) return undefined;
    const state = { purpose, made: Number(row["made"]), evaluated: Number(row["evaluated"]) };
    if (judgeCode(state, this.#clock.now()) === "open") return row;
    this.#delete.run(locator);
    return undefined;
  }

  forget(principal: PrincipalId): void {
    for (const purpose of ["invitation", "guest"] as const) this.#deleteOf.run(purpose, principal);
  }
}

const digest = (code: string): Buffer => hash("sha256", code, "buffer");
