import type { StatementSync } from "node:sqlite";

import type { Database, Migrations } from "../store/database.ts";

const migrations: Migrations = {
  name: "acme",
  steps: [
    `CREATE TABLE acme (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       subject TEXT NOT NULL,
       order_url TEXT,
       failures INTEGER NOT NULL DEFAULT 0,
       next_try INTEGER NOT NULL DEFAULT 0,
       problem TEXT
     ) STRICT`,
  ],
};

/** Where the gateway is with a certificate, so that a restart neither forgets an order nor the pause after a failure. */
export class KeptProgress {
  readonly #subject: string;
  readonly #select: StatementSync;
  readonly #update: StatementSync;

  /** @param subject what is asked for, and where: of another one nothing is known */
  constructor(database: Database, subject: string) {
    database.migrate(migrations);
    this.#subject = subject;
    this.#select = database.sql.prepare("SELECT * FROM acme WHERE subject = ?");
    this.#update = database.sql.prepare("INSERT OR REPLACE INTO acme VALUES (1, ?, ?, ?, ?, ?)");
  }

  get failures(): number {
    return Number(this.#row["failures"] ?? 0);
  }

  /** When it may be tried again after the last failure, by Clock.now(). */
  get nextTry(): number {
    return Number(this.#row["next_try"] ?? 0);
  }

  /** The order that was begun, if there is one. */
  get order(): string | undefined {
    const url = this.#row["order_url"];
    return typeof url === "string" ? url : undefined;
  }

  set order(url: string | undefined) {
    this.#update.run(this.#subject, url ?? null, this.failures, this.nextTry, this.problem);
  }

  /** Why the last try failed; null where it did not. */
  get problem(): string | null {
    const problem = this.#row["problem"];
    return typeof problem === "string" ? problem : null;
  }

  fail(problem: string, nextTry: number): void {
    this.#update.run(this.#subject, this.order ?? null, this.failures + 1, nextTry, problem);
  }

  /** All is well: there is no order, and no failure. */
  settle(): void {
    this.#update.run(this.#subject, null, 0, 0, null);
  }

  /** Forgets the failures and the pause, not the order. */
  forgive(): void {
    this.#update.run(this.#subject, this.order ?? null, 0, 0, this.problem);
  }

  get #row(): Record<string, unknown> {
    return this.#select.get(this.#subject) ?? {};
  }
}
