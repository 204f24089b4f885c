import { GatehouseError } from "@gatehouse/shared";
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Makes sure that one gateway at a time uses a data folder. The lock is SQLite's own on a file of its own, so the operating
 * system lets go of it when the process ends, however it ends.
 */
export class InstanceLock implements Disposable {
  readonly #sql: DatabaseSync;

  private constructor(sql: DatabaseSync) {
    this.#sql = sql;
  }

  /** @throws GatehouseError `gateway-running` */
  static open(path: string): InstanceLock {
    closeSync(openSync(path, "a", 0o600));
    const sql = new DatabaseSync(path);
    try {
      sql.exec("BEGIN EXCLUSIVE");
    } catch (cause) {
      sql.close();
      throw new GatehouseError("gateway-running", "Another gateway already runs on this data folder.", { cause });
    }
    return new InstanceLock(sql);
  }

  [Symbol.dispose](): void {
    this.#sql.close();
  }
}
