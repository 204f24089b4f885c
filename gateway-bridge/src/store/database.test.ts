import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Database } from "./database.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "database-"));
  path = join(folder, "gatehouse.db");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const modes = (): number[] => ["", "-wal", "-shm"].map((suffix) => statSync(path + suffix).mode & 0o777);
const values = (database: Database): unknown[] =>
  database.sql
    .prepare("SELECT value FROM things ORDER BY value")
    .all()
    .map((row) => row["value"]);
const things = "CREATE TABLE things (value TEXT NOT NULL) STRICT";
const add = (database: Database, value: string): void => {
  database.sql.prepare("INSERT INTO things VALUES (?)").run(value);
};

describe("Database.open", () => {
  it("keeps the database and its side files from other users", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    expect(modes()).toEqual([0o600, 0o600, 0o600]);
  });

  it("takes back rights that somebody gave away, on side files of a crash too", () => {
    using first = Database.open(path);
    first.migrate({ name: "things", steps: [things] });
    for (const suffix of ["", "-wal", "-shm"]) chmodSync(path + suffix, 0o644);
    using second = Database.open(path);
    expect(values(second)).toEqual([]);
    expect(modes()).toEqual([0o600, 0o600, 0o600]);
  });

  it("writes through to the disk, checks references and wipes what is deleted", () => {
    using database = Database.open(path);
    const pragma = (name: string): unknown => database.sql.prepare(`PRAGMA ${name}`).get()?.[name];
    expect(["journal_mode", "synchronous", "foreign_keys", "secure_delete"].map(pragma)).toEqual(["wal", 2, 1, 1]);

    database.migrate({ name: "things", steps: [things] });
    add(database, "hunter2");
    database.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    expect(readFileSync(path).includes("hunter2")).toBe(true);
    database.sql.exec("DELETE FROM things; PRAGMA wal_checkpoint(TRUNCATE)");
    expect(readFileSync(path).includes("hunter2")).toBe(false);
  });

  it("says so when the file is no database", () => {
    writeFileSync(path, "something else altogether, and long enough to be looked at".repeat(100));
    expect(() => Database.open(path)).toThrow(expect.objectContaining({ code: "data-corrupt" }));
  });
});

describe("migrate", () => {
  it("runs each step once, over restarts and as steps are appended", () => {
    const steps = [things, "INSERT INTO things VALUES ('one')"];
    {
      using database = Database.open(path);
      database.migrate({ name: "things", steps });
      database.migrate({ name: "things", steps });
      expect(values(database)).toEqual(["one"]);
    }
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [...steps, "INSERT INTO things VALUES ('two')"] });
    expect(values(database)).toEqual(["one", "two"]);
  });

  it("resumes at the step that failed, of which nothing stays", () => {
    using database = Database.open(path);
    const broken = "INSERT INTO things VALUES ('half'); INSERT INTO nowhere VALUES (1)";
    expect(() => database.migrate({ name: "things", steps: [things, broken] })).toThrow(/nowhere/);
    expect(values(database)).toEqual([]);
    database.migrate({ name: "things", steps: [things, "INSERT INTO things VALUES ('whole')"] });
    expect(values(database)).toEqual(["whole"]);
  });

  it("keeps the counts of two adapters apart", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    database.migrate({ name: "others", steps: ["CREATE TABLE others (value TEXT) STRICT"] });
    expect(database.sql.prepare("SELECT name, step FROM migrations ORDER BY name").all()).toMatchObject([
      { name: "others", step: 1 },
      { name: "things", step: 1 },
    ]);
  });

  it("refuses tables of a newer version", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things, "INSERT INTO things VALUES ('one')"] });
    expect(() => database.migrate({ name: "things", steps: [things] })).toThrow(
      expect.objectContaining({ code: "data-newer" }),
    );
  });
});

describe("transaction", () => {
  const failWith = (message: string): never => {
    throw new Error(message);
  };

  it("gives the work's result, or undoes all of it and rethrows", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    expect(database.transaction(() => (add(database, "kept"), 7))).toBe(7);
    expect(() => database.transaction(() => (add(database, "lost"), failWith("no")))).toThrow("no");
    expect(values(database)).toEqual(["kept"]);
  });

  it("undoes a nested one alone when its failure was caught", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    database.transaction(() => {
      add(database, "outer");
      expect(() => database.transaction(() => (add(database, "inner"), failWith("no")))).toThrow("no");
      database.transaction(() => add(database, "second inner"));
    });
    expect(values(database)).toEqual(["outer", "second inner"]);
  });

  it("undoes nested ones with the outer one", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    const work = (): never => {
      database.transaction(() => database.transaction(() => add(database, "innermost")));
      return failWith("late");
    };
    expect(() => database.transaction(work)).toThrow("late");
    expect(values(database)).toEqual([]);
    expect(database.transaction(() => 1)).toBe(1);
  });

  it("tells the first cause where SQLite has rolled back by itself", () => {
    using database = Database.open(path);
    database.migrate({ name: "things", steps: [things] });
    const work = (): void => {
      add(database, "lost");
      database.sql.prepare("INSERT OR ROLLBACK INTO migrations VALUES ('things', 1)").run();
    };
    expect(() => database.transaction(work)).toThrow(/UNIQUE/);
    expect(values(database)).toEqual([]);
  });

  it("shows another connection nothing before it ends", () => {
    using writer = Database.open(path);
    using reader = Database.open(path);
    writer.migrate({ name: "things", steps: [things] });
    writer.transaction(() => {
      add(writer, "new");
      expect(values(reader)).toEqual([]);
    });
    expect(values(reader)).toEqual(["new"]);
  });
});
