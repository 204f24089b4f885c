import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { read } from "./repository.ts";

/** The databases of versions before, oldest first, each as SQL with the key of its vault. */
export const earlierDatabases = ["first-version", "before-people"] as const;

/** Makes a data folder as that version left it. */
export const restoreEarlier = async (name: string, data: string): Promise<void> => {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const text = read(`test/support/databases/${name}.sql`);
  const [, key = ""] = /^-- vault\.key as base64: (\S+)$/m.exec(text) ?? [];
  await writeFile(join(data, "vault.key"), Buffer.from(key, "base64"), { mode: 0o600 });
  const database = new DatabaseSync(join(data, "gatehouse.db"), { enableForeignKeyConstraints: false });
  database.exec(text);
  database.close();
};
