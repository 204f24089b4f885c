import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "./database.ts";

const migrations: Migrations = {
  name: "noted-deeds",
  steps: [
    `CREATE TABLE noted_deeds (
       ordinal INTEGER PRIMARY KEY,
       time INTEGER NOT NULL,
       action TEXT NOT NULL,
       detail TEXT NOT NULL
     ) STRICT`,
  ],
};

/** Something that was done to the data folder itself, on the box. */
export interface Deed {
  /** Unix milliseconds. */
  readonly time: number;
  readonly action: "backupMade" | "restored" | "vaultRotated" | "vaultProtected" | "vaultUnprotected";
  readonly detail: string;
}

/**
 * Keeps a deed for the audit log. What works on the folder itself may lack the vault's passphrase, and so the key that the
 * log is written with: the next start of the gateway writes it down.
 */
export const noteDeed = (database: Database, { time, action, detail }: Deed): void => {
  database.migrate(migrations);
  database.sql.prepare("INSERT INTO noted_deeds (time, action, detail) VALUES (?, ?, ?)").run(time, action, detail);
};

/** Moves what was noted into the audit log, and gives it. @throws GatehouseError `audit-unwritable` */
export const reportDeeds = (database: Database, audit: AuditSink): readonly Pick<Deed, "action" | "detail">[] => {
  database.migrate(migrations);
  return database.transaction(() => {
    const deeds = database.sql.prepare("SELECT * FROM noted_deeds ORDER BY ordinal").all();
    for (const { time, action, detail } of deeds) {
      audit.append({
        principal: "-",
        action: String(action),
        target: "-",
        outcome: "done",
        detail: `${new Date(Number(time)).toISOString()}: ${String(detail)}`,
      });
    }
    database.sql.exec("DELETE FROM noted_deeds");
    return deeds.map(({ action, detail }) => ({ action: action as Deed["action"], detail: String(detail) }));
  });
};
