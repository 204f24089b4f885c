import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One adapter's tables. Each step runs once, in order, in a transaction of its own; steps are only ever appended. */
export interface Migrations {
  readonly name: string;
  readonly steps: readonly string[];
}

/** The gateway's one database file. WAL with `synchronous=FULL`: what a call returned from survives a power cut. */
export class Database implements Disposable {
  readonly sql: DatabaseSync;

  private constructor(sql: DatabaseSync) {
    this.sql = sql;
  }

  static open(path: string): Database {
    // Made before SQLite opens it, so that it never exists with a looser mode. Its -wal and -shm take the same mode.
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
    const sql = new DatabaseSync(path, { timeout: 5_000 });
    sql.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
    sql.exec("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, step INTEGER NOT NULL) STRICT");
    return new Database(sql);
  }

  migrate({ name, steps }: Migrations): void {
    const row = this.sql.prepare("SELECT step FROM migrations WHERE name = ?").get(name);
    const done = Number(row?.["step"] ?? 0);
    for (const [index, step] of steps.entries()) {
      if (index < done) continue;
      this.transaction(() => {
        this.sql.exec(step);
        this.sql
          .prepare("INSERT INTO migrations VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET step = excluded.step")
          .run(name, index + 1);
      });
    }
  }

  /** Runs `work` wholly or not at all. Nested calls join the outer transaction. */
  transaction<T>(work: () => T): T {
    if (this.sql.isTransaction) return work();
    this.sql.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.sql.exec("COMMIT");
      return result;
    } catch (error) {
      this.sql.exec("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.sql.close();
  }
}
