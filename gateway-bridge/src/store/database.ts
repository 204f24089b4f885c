import { GatehouseError } from "@gatehouse/shared";
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One adapter's tables. Each step runs once, in order, in a transaction of its own; steps are only ever appended. */
export interface Migrations {
  readonly name: string;
  readonly steps: readonly string[];
}

/** The gateway's one database file. WAL with `synchronous=FULL`: what a call returned from survives a power cut. */
export class Database implements Disposable {
  readonly sql: DatabaseSync;
  #depth = 0;

  private constructor(sql: DatabaseSync) {
    this.sql = sql;
  }

  /** @throws GatehouseError `data-corrupt` when the file is no database */
  static open(path: string): Database {
    makePrivate(path);
    return Database.#prepare(path);
  }

  /** One that is gone when it is closed. */
  static openInMemory(): Database {
    return Database.#prepare(":memory:");
  }

  static #prepare(path: string): Database {
    const sql = new DatabaseSync(path, { timeout: 5_000 });
    try {
      // Overwritten content is zeroed in the file, so that deleting a secret or an offer deletes it.
      sql.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;");
      sql.exec("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, step INTEGER NOT NULL) STRICT");
    } catch (cause) {
      sql.close();
      throw new GatehouseError("data-corrupt", `${path} is not a database that can be read`, { cause });
    }
    return new Database(sql);
  }

  /** @throws GatehouseError `data-newer` when a newer version has changed the tables */
  migrate({ name, steps }: Migrations): void {
    const row = this.sql.prepare("SELECT step FROM migrations WHERE name = ?").get(name);
    const done = Number(row?.["step"] ?? 0);
    if (done > steps.length) {
      throw new GatehouseError("data-newer", `the ${name} tables were changed by a newer version of Gatehouse`);
    }
    const mark = this.sql.prepare(
      "INSERT INTO migrations VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET step = excluded.step",
    );
    for (const [index, step] of steps.entries()) {
      if (index < done) continue;
      this.transaction(() => {
        this.sql.exec(step);
        mark.run(name, index + 1);
      });
    }
  }

  /** Runs `work` wholly or not at all; it must not wait. Within another transaction, its effects last only if that one's do. */
  transaction<T>(work: () => T): T {
    const level = `level${this.#depth}`;
    const outermost = this.#depth === 0;
    this.sql.exec(outermost ? "BEGIN IMMEDIATE" : `SAVEPOINT ${level}`);
    this.#depth += 1;
    try {
      const result = work();
      this.sql.exec(outermost ? "COMMIT" : `RELEASE ${level}`);
      return result;
    } catch (error) {
      // On a full disk SQLite may have rolled back by itself.
      if (this.sql.isTransaction) this.sql.exec(outermost ? "ROLLBACK" : `ROLLBACK TO ${level}; RELEASE ${level}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  [Symbol.dispose](): void {
    this.sql.close();
  }
}

/**
 * The file is made before SQLite opens it, so that it never exists with a looser mode. New -wal and -shm files take its mode;
 * those left by a crash may be older than a change of it.
 */
const makePrivate = (path: string): void => {
  closeSync(openSync(path, "a", 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
};
