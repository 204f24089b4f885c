import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { finishPendingChange, isChangePending, PendingChange } from "./pending-change.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "pending-"));
});
afterEach(() => {
  rmSync(data, { recursive: true });
});

const write = (name: string, text: string): void => writeFileSync(join(data, name), text);
const read = (name: string): string => readFileSync(join(data, name), "utf8");
async function* bytesOf(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe("PendingChange", () => {
  it("puts all of its files in place, and takes the replaced database's -wal and -shm with it", async () => {
    for (const name of ["a.db", "a.db-wal", "a.db-shm", "gone", "stays"]) write(name, `old ${name}`);
    await using change = await PendingChange.begin(data);
    await change.add("a.db", bytesOf("new ", "database"));
    await change.add("b", bytesOf("new"));
    expect(read("a.db")).toBe("old a.db");
    await change.complete({ removes: ["gone", "never-there"] });
    expect(readdirSync(data).sort()).toEqual(["a.db", "b", "stays"]);
    expect([read("a.db"), read("b"), read("stays")]).toEqual(["new database", "new", "old stays"]);
    expect(statSync(join(data, "a.db")).mode & 0o777).toBe(0o600);
  });

  it("keeps what it replaces and removes beside, when told to", async () => {
    for (const name of ["a.db", "a.db-wal", "gone"]) write(name, `old ${name}`);
    await using change = await PendingChange.begin(data);
    await change.add("a.db", bytesOf("new"));
    await change.complete({ removes: ["gone"], keep: "before" });
    expect(readdirSync(data).sort()).toEqual(["a.db", "before"]);
    expect(readdirSync(join(data, "before")).sort()).toEqual(["a.db", "a.db-wal", "gone"]);
    expect(read("before/a.db-wal")).toBe("old a.db-wal");
  });

  it("never happened when it was not completed", async () => {
    write("a.db", "old");
    {
      await using change = await PendingChange.begin(data);
      await change.add("a.db", bytesOf("new"));
      expect(await isChangePending(data)).toBe(true);
    }
    expect(readdirSync(data)).toEqual(["a.db"]);
    expect(read("a.db")).toBe("old");
    expect(await isChangePending(data)).toBe(false);
  });

  it("throws away what an earlier one left, and takes no name twice", async () => {
    mkdirSync(join(data, "pending"));
    write("pending/a.db", "half");
    await using change = await PendingChange.begin(data);
    await change.add("a.db", bytesOf("new"));
    await expect(change.add("a.db", bytesOf("other"))).rejects.toThrow("EEXIST");
  });

  it.each(["../a", "a/b", "/etc/passwd", "..", ".", "", "a\0b"])(
    "takes no file %j, which may lie elsewhere",
    async (name) => {
      await using change = await PendingChange.begin(data);
      await expect(change.add(name, bytesOf("x"))).rejects.toThrow();
    },
  );
});

describe("finishPendingChange", () => {
  it("carries a complete change on from wherever it was killed, twice over too", async () => {
    // Killed when the first of two files was in its place.
    write("a.db", "new a");
    write("b", "old b");
    mkdirSync(join(data, "before"));
    write("before/a.db", "old a");
    mkdirSync(join(data, "pending"), { mode: 0o700 });
    write("pending/b", "new b");
    const mark = { puts: ["a.db", "b"], removes: ["c"], keep: "before" };
    writeFileSync(join(data, "pending/complete.mark"), JSON.stringify(mark), { mode: 0o600 });
    await finishPendingChange(data);
    await finishPendingChange(data);
    expect([read("a.db"), read("b"), read("before/a.db"), read("before/b")]).toEqual([
      "new a",
      "new b",
      "old a",
      "old b",
    ]);
    expect(existsSync(join(data, "pending"))).toBe(false);
  });

  it("follows no mark out of the folder", async () => {
    mkdirSync(join(data, "pending"));
    const mark = { puts: [], removes: ["../victim"] };
    writeFileSync(join(data, "pending/complete.mark"), JSON.stringify(mark), { mode: 0o600 });
    await expect(finishPendingChange(data)).rejects.toThrow();
  });

  it("does nothing where there is nothing", async () => {
    await finishPendingChange(data);
    await finishPendingChange(join(data, "nowhere"));
    expect(readdirSync(data)).toEqual([]);
  });
});
