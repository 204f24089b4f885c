import { GatehouseError, systemCode } from "@gatehouse/shared";
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** SQLITE_BUSY: another connection holds the lock. */
const busy = 5;

const unusable = (path: string, cause: unknown): GatehouseError =>
  new GatehouseError(
    "data-folder",
    `The file ${path} cannot be written: ${systemCode(cause) ?? "SQLite refused it"}.`,
    { cause },
  );

const create = (path: string): DatabaseSync => {
  try {
    closeSync(openSync(path, "a", 0o600));
    return new DatabaseSync(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
};

/**
 * Makes sure that one gateway (or relay) at a time uses a data folder. The lock is SQLite's own on a file of its own, so the operating
 * system lets go of it when the process ends, however it ends.
 */
export class InstanceLock implements Disposable {
  readonly #sql: DatabaseSync;

  private constructor(sql: DatabaseSync) {
    this.#sql = sql;
  }

  /** @throws GatehouseError `gateway-running`, `data-folder` where the folder cannot be used */
  static open(path: string, whose: "gateway" | "relay" = "gateway"): InstanceLock {
    const sql = create(path);
    try {
      sql.exec("BEGIN EXCLUSIVE");
      return new InstanceLock(sql);
    } catch (cause) {
      sql.close();
      if ((cause as { errcode?: unknown }).errcode !== busy) throw unusable(path, cause);
      throw new GatehouseError("gateway-running", `Another ${whose} already runs on this data folder.`, {
        remedy: `Stop the running ${whose} first, or choose another data folder with --data.`,
        cause,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#sql.close();
  }
}
