/**
 * Migrates a database by nothing but a list of migrations, as a program that `runKilledAt` can kill, also between the statements of
 * one step:
 *
 *   node --conditions=source test/support/migrate-command.ts DATABASE MIGRATIONS.json
 */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { Database, type Migrations } from "../../gateway-bridge/src/store/database.ts";

/** One by one; a trigger's body belongs to its trigger. */
export const statementsOf = (sql: string): readonly string[] => {
  const statements: string[] = [];
  let statement = "";
  for (const piece of sql.split(";")) {
    statement += statement === "" ? piece : `;${piece}`;
    if (/^\s*CREATE TRIGGER\b/.test(statement) && !/\bEND\s*$/.test(statement)) continue;
    if (statement.trim() !== "") statements.push(statement);
    statement = "";
  }
  return statements;
};

export const migrateAll = (path: string, migrations: readonly Migrations[]): void => {
  using database = Database.open(path);
  for (const each of migrations) database.migrate(each);
};

if (import.meta.main) {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called below with its database
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    for (const statement of statementsOf(sql)) exec.call(this, statement);
  };
  const [path = "", list = ""] = process.argv.slice(2);
  migrateAll(path, JSON.parse(readFileSync(list, "utf8")) as Migrations[]);
}
