import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What the names of copies begin with. */
export const copyPrefix = "gatehouse.db.copy-";

/**
 * Copies the folder's database as it is at one moment, also while a gateway writes it, and answers where the copy lies: in the
 * same folder, 0600, without -wal file. The caller removes it; what a crash left is removed by `removeLeftovers`.
 */
export const copyDatabase = async (data: string): Promise<string> => {
  const copy = join(data, `${copyPrefix}${randomUUID()}`);
  const sql = new DatabaseSync(join(data, "gatehouse.db"), { timeout: 5_000 });
  try {
    // SQLite writes into an empty file that is there, and leaves it its mode.
    closeSync(openSync(copy, "wx", 0o600));
    sql.prepare("VACUUM INTO ?").run(copy);
    return copy;
  } catch (error) {
    await rm(copy, { force: true });
    throw error;
  } finally {
    sql.close();
  }
};
