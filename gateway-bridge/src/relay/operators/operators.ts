import { GatehouseError, randomId, spkiPin, type Clock, type Secret, type TotpSecret } from "@gatehouse/shared";
import type { KeyObject } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import { accountGuesses, giveBack, spendGuess, type GuessAllowance } from "../../domain/guess-policy.ts";
import type { SecretStore } from "../../ports.ts";
import type { Database, Migrations } from "../../store/database.ts";
import { OperatorCodes } from "./operator-codes.ts";
import { Operator, OperatorId, type OperatorRole } from "./operator.ts";

const migrations: Migrations = {
  name: "operators",
  steps: [
    // `step`: of the newest code that was taken. A guess that is not left was tried since `guesses_at`.
    `CREATE TABLE operators (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       role TEXT NOT NULL,
       pin TEXT NOT NULL UNIQUE,
       added INTEGER NOT NULL,
       signed_in INTEGER,
       step INTEGER NOT NULL DEFAULT 0,
       guesses_left INTEGER,
       guesses_at INTEGER
     ) STRICT`,
  ],
};

export interface OperatorsOptions {
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  /** What authenticators show beside the code. */
  readonly relay: string;
}

export interface NewOperator {
  readonly name: string;
  readonly role: OperatorRole;
  readonly publicKey: KeyObject;
}

/** Those who work at this relay, each by a key and a code. Nobody is one by being on the box. */
export class Operators {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #codes: OperatorCodes;
  readonly #insert: StatementSync;
  readonly #all: StatementSync;
  readonly #find: StatementSync;
  readonly #delete: StatementSync;
  readonly #signedIn: StatementSync;
  readonly #guesses: StatementSync;

  private constructor({ database, secrets, clock, relay }: OperatorsOptions) {
    const { sql } = database;
    this.#database = database;
    this.#clock = clock;
    this.#codes = new OperatorCodes({ secrets, clock, relay });
    this.#insert = sql.prepare("INSERT INTO operators (id, name, role, pin, added) VALUES (?, ?, ?, ?, ?)");
    this.#all = sql.prepare("SELECT * FROM operators ORDER BY added, id");
    this.#find = sql.prepare("SELECT * FROM operators WHERE ? IN (id, name, pin)");
    this.#delete = sql.prepare("DELETE FROM operators WHERE id = ?");
    this.#signedIn = sql.prepare("UPDATE operators SET step = ?, signed_in = ? WHERE id = ?");
    this.#guesses = sql.prepare("UPDATE operators SET guesses_left = ?, guesses_at = ? WHERE id = ?");
  }

  static open(options: OperatorsOptions): Operators {
    options.database.migrate(migrations);
    return new Operators(options);
  }

  list(): readonly Operator[] {
    return this.#all.all().map(toOperator);
  }

  /** Whose key it is; undefined for strangers, and for those who were removed. */
  byPin(pin: string): Operator | undefined {
    const row = this.#find.get(pin);
    return row === undefined ? undefined : toOperator(row);
  }

  /** The secret of its authenticator is told now, and never again. @throws GatehouseError `name-taken` */
  add({ name, role, publicKey }: NewOperator): { readonly operator: Operator; readonly totp: TotpSecret } {
    const pin = spkiPin(publicKey.export({ type: "spki", format: "der" }));
    return this.#database.transaction(() => {
      if (this.#find.get(name) !== undefined || this.#find.get(pin) !== undefined) {
        throw new GatehouseError("name-taken", "there is an operator of this name or key", {
          remedy: "Choose another name; `gatehouse-relay operator list` shows those that there are.",
        });
      }
      const id = OperatorId.parse(randomId("op"));
      const added = this.#clock.now();
      this.#insert.run(id, name, role, pin, added);
      return { operator: { id, name, role, pin, added, signedIn: null }, totp: this.#codes.make(id, name) };
    });
  }

  /** @throws GatehouseError `not-found`, `last-operator` */
  remove(id: OperatorId): Operator {
    return this.#database.transaction(() => {
      const operators = this.list();
      const gone = operators.find((one) => one.id === id);
      if (gone === undefined) {
        throw new GatehouseError("not-found", "there is no such operator", {
          remedy: "`gatehouse-relay operator list` shows the ids.",
        });
      }
      if (!operators.some((one) => one.id !== id && one.role === "operator")) {
        throw new GatehouseError("last-operator", "nobody would be left who may change anything");
      }
      this.#delete.run(id);
      this.#codes.forget(id);
      return gone;
    });
  }

  /**
   * Takes a code of the operator's authenticator: each once, and five wrong ones before it has to wait.
   * @throws GatehouseError `sign-in-refused`, `too-many-guesses`
   */
  takeCode(id: OperatorId, code: Secret): void {
    const taken = this.#database.transaction(() => {
      const row = this.#find.get(id);
      if (row === undefined) return false;
      const now = this.#clock.now();
      const spent = spendGuess(allowanceOf(row), accountGuesses, now);
      if (spent.kind === "refused") {
        const message = "codes were tried too often; this one was not looked at";
        throw new GatehouseError("too-many-guesses", message, {
          remedy: `Try again in ${Math.ceil(spent.retryInMs / 60_000)} minutes.`,
          details: { retryInMs: spent.retryInMs },
        });
      }
      const step = this.#codes.stepOf(id, code);
      const isNew = step !== undefined && step > Number(row["step"]);
      const { left, at } = isNew ? giveBack(spent.allowance, accountGuesses) : spent.allowance;
      this.#guesses.run(left, at, id);
      if (isNew) this.#signedIn.run(step, now, id);
      return isNew;
    });
    if (taken) return;
    throw new GatehouseError("sign-in-refused", "the code is wrong, too old, or was used before", {
      remedy: "Type the six digits that your authenticator shows now. Each code works once, and for 30 seconds.",
    });
  }
}

type Row = Record<string, unknown>;

const toOperator = (row: Row): Operator => {
  const { id, name, role, pin, added, signed_in: signedIn } = row;
  return Operator.parse({ id, name, role, pin, added, signedIn });
};

const allowanceOf = ({ guesses_left: left, guesses_at: at }: Row): GuessAllowance | undefined =>
  left === null ? undefined : { left: Number(left), at: Number(at) };
