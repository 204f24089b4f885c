import {
  GatehouseError,
  LoginName,
  PrincipalId,
  type Clock,
  type Grant,
  type ListedPrincipal,
  type Person,
  type Principal,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import { hasTwoFactors, type SetUpFactors } from "../../domain/login-policy.ts";
import type { Database, Migrations } from "../../store/database.ts";
import type { NewPrincipal } from "../principals.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";
import type { Passkeys } from "./passkeys.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import type { Totp } from "./totp.ts";

const migrations: Migrations = {
  name: "people",
  steps: [
    `CREATE TABLE people (
       principal TEXT PRIMARY KEY REFERENCES principals (id),
       login_name TEXT NOT NULL UNIQUE,
       password TEXT,
       has_totp INTEGER NOT NULL DEFAULT 0 CHECK (has_totp IN (0, 1)),
       totp_last_step INTEGER NOT NULL DEFAULT 0,
       last_login INTEGER
     ) STRICT`,
  ],
};

const Row = z.object({
  principal: PrincipalId,
  login_name: LoginName,
  password: z.string().nullable(),
  has_totp: z.int().transform((flag) => flag !== 0),
  totp_last_step: z.int(),
  last_login: z.int().nullable(),
});

/** A person as its row has it. */
export interface Account {
  readonly principal: PrincipalId;
  readonly loginName: string;
  /** PHC string; null until one is set. */
  readonly password: string | null;
  readonly totp: boolean;
}

export interface PeopleOptions {
  readonly database: Database;
  readonly principals: {
    create(made: NewPrincipal): Principal;
    get(id: PrincipalId): Principal | undefined;
    describe(id: PrincipalId): ListedPrincipal;
    list(): Principal[];
    revoke(id: PrincipalId): void;
    onRevoked(listener: (id: PrincipalId) => void): Disposable;
  };
  readonly codes: OneTimeCodes;
  readonly recovery: RecoveryCodes;
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}

/** The people who may sign in, each a principal, and what each has to prove itself with. Who is removed leaves nothing but its id. */
export class People implements Disposable {
  readonly #options: PeopleOptions;
  readonly #byId: StatementSync;
  readonly #byName: StatementSync;
  readonly #all: StatementSync;
  readonly #spendStep: StatementSync;
  readonly #revocations: Disposable;

  private constructor(options: PeopleOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#byId = sql.prepare("SELECT * FROM people WHERE principal = ?");
    this.#byName = sql.prepare("SELECT * FROM people WHERE login_name = ?");
    this.#all = sql.prepare("SELECT * FROM people ORDER BY login_name");
    this.#spendStep = sql.prepare("UPDATE people SET totp_last_step = ?1 WHERE principal = ?2 AND totp_last_step < ?1");
    this.#revocations = options.principals.onRevoked((id) => this.#forget(id));
  }

  static open(options: PeopleOptions): People {
    options.database.migrate(migrations);
    const people = new People(options);
    // A crash may have come between a revocation and this.
    for (const { principal } of people.#accounts()) {
      if (options.principals.get(principal)?.revoked !== null) people.#forget(principal);
    }
    return people;
  }

  /** @throws GatehouseError `name-taken` */
  add({ name, loginName, grants }: { name: string; loginName: string; grants: readonly Grant[] }): Account {
    const { database, principals } = this.#options;
    return database.transaction(() => {
      if (this.find(loginName) !== undefined) {
        throw new GatehouseError("name-taken", `somebody has the login name "${loginName}" already`);
      }
      const { id } = principals.create({ name, kind: "person", grants });
      database.sql.prepare("INSERT INTO people (principal, login_name) VALUES (?, ?)").run(id, loginName);
      return { principal: id, loginName, password: null, totp: false };
    });
  }

  find(loginName: string): Account | undefined {
    return toAccount(this.#byName.get(loginName));
  }

  get(id: PrincipalId): Account | undefined {
    return toAccount(this.#byId.get(id));
  }

  list(): Person[] {
    return this.#accounts().map((account) => this.describe(account));
  }

  /** The person as others may see it. */
  describe(account: Account): Person {
    const { principals, recovery } = this.#options;
    const { principal, loginName } = account;
    const { name, own: grants, roles, created } = principals.describe(principal);
    const factors = { ...this.factorsOf(account), recoveryCodes: recovery.left(principal) };
    const lastLogin = Row.parse(this.#byId.get(principal)).last_login;
    return { id: principal, name, loginName, grants, roles, factors, created, lastLogin };
  }

  /** What the person can sign in with now. */
  factorsOf({ principal, password, totp }: Account): SetUpFactors {
    return { password: password !== null, totp, passkeys: this.#options.passkeys.usable(principal) };
  }

  /** Whether somebody can govern the gateway with a browser: may, and has two factors. */
  get hasOwner(): boolean {
    return this.#accounts().some(
      (account) => hasTwoFactors(this.factorsOf(account)) && this.mayGovern(account.principal),
    );
  }

  mayGovern(id: PrincipalId): boolean {
    const held = this.#options.principals.get(id)?.grants ?? [];
    return held.some(({ action, camera }) => action === "admin" && camera === "*");
  }

  setPassword(id: PrincipalId, phc: string | null): void {
    this.#options.database.sql.prepare("UPDATE people SET password = ? WHERE principal = ?").run(phc, id);
  }

  /** Notes that an authenticator has shown the code of a step. */
  setTotp(id: PrincipalId, step: number): void {
    const { sql } = this.#options.database;
    sql.prepare("UPDATE people SET has_totp = 1, totp_last_step = ? WHERE principal = ?").run(step, id);
  }

  /** The steps that were used stay used, for the next authenticator too. */
  dropTotp(id: PrincipalId): void {
    this.#options.database.sql.prepare("UPDATE people SET has_totp = 0 WHERE principal = ?").run(id);
    this.#options.totp.forget(id);
  }

  /** False where the code of this step, or of a later one, was used before. RFC 6238 5.2 */
  spendStep(id: PrincipalId, step: number): boolean {
    return Number(this.#spendStep.run(step, id).changes) === 1;
  }

  noteLogin(id: PrincipalId): void {
    const { sql } = this.#options.database;
    sql.prepare("UPDATE people SET last_login = ? WHERE principal = ?").run(this.#options.clock.now(), id);
  }

  [Symbol.dispose](): void {
    this.#revocations[Symbol.dispose]();
  }

  #accounts(): Account[] {
    return this.#all.all().map((row) => parse(row));
  }

  #forget(id: PrincipalId): void {
    const { database, codes, recovery, totp, passkeys } = this.#options;
    database.transaction(() => {
      codes.forget(id);
      recovery.forget(id);
      totp.forget(id);
      passkeys.forget(id);
      database.sql.prepare("DELETE FROM people WHERE principal = ?").run(id);
    });
  }
}

const toAccount = (row: Record<string, unknown> | undefined): Account | undefined =>
  row === undefined ? undefined : parse(row);

/** Checked again on the way out, like every row that can become a right. */
const parse = (row: Record<string, unknown>): Account => {
  const { principal, login_name: loginName, password, has_totp: totp } = Row.parse(row);
  return { principal, loginName, password, totp };
};
