import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { chmod, copyFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Database } from "../store/database.ts";
import { KeyRing } from "./key-ring.ts";
import { readRootKey } from "./root-key.ts";
import { Vault } from "./vault.ts";

const never = { signal: new AbortController().signal };
let folder: string;
let database: Database;
let keyFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vault-"));
  keyFile = join(folder, "vault.key");
  database = Database.open(join(folder, "gatehouse.db"));
});
afterEach(() => {
  database[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const open = (): Promise<Vault> => Vault.open({ database, keyFile }, never);
const corrupt = expect.objectContaining({ code: "vault-corrupt" });

describe("Vault", () => {
  it("keeps secrets over restarts, replaces and deletes them", async () => {
    const first = await open();
    first.put("camera/one", Buffer.from("hunter2"));
    first.put("camera/two", Buffer.from("old"));
    first.put("camera/two", Buffer.from("new"));
    first.put("empty", Buffer.alloc(0));
    first.put("gone", Buffer.from("x"));
    first.delete("gone");
    first.delete("never there");

    const second = await open();
    expect(second.get("camera/one")?.toString()).toBe("hunter2");
    expect(second.get("camera/two")?.toString()).toBe("new");
    expect(second.get("empty")).toEqual(Buffer.alloc(0));
    expect(second.get("gone")).toBeUndefined();
  });

  it("behaves like a map, whatever is done in whatever order", async () => {
    const vault = await open();
    const names = fc.constantFrom("a", "b", "A", "a ", "ä", "a/b");
    const steps = fc.array(fc.tuple(names, fc.option(fc.uint8Array({ maxLength: 40 }))), { maxLength: 8 });
    const model = new Map<string, Buffer>();
    fc.assert(
      fc.property(steps, (todo) => {
        for (const [name, content] of todo) {
          if (content === null) vault.delete(name);
          else vault.put(name, content);
          if (content === null) model.delete(name);
          else model.set(name, Buffer.from(content));
        }
        for (const name of ["a", "b", "A", "a ", "ä", "a/b"]) expect(vault.get(name)).toEqual(model.get(name));
      }),
      { numRuns: 60 },
    );
  });

  it("writes no content readable to the disk", async () => {
    (await open()).put("camera/one", Buffer.from("hunter2-in-the-clear"));
    database.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    expect(readFileSync(join(folder, "gatehouse.db")).includes("camera/one")).toBe(true);
    expect(readFileSync(join(folder, "gatehouse.db")).includes("hunter2")).toBe(false);
  });

  it("undoes a secret with the transaction that it belongs to", async () => {
    const vault = await open();
    expect(() =>
      database.transaction(() => {
        vault.put("camera/one", Buffer.from("x"));
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(vault.get("camera/one")).toBeUndefined();
  });

  it("notices rows whose contents were exchanged, turned back to another version or given another key", async () => {
    const vault = await open();
    vault.put("camera/one", Buffer.from("one"));
    vault.put("camera/two", Buffer.from("two"));
    database.sql.exec("UPDATE vault_secrets SET name = 'camera/three' WHERE name = 'camera/two'");
    expect(() => vault.get("camera/three")).toThrow(corrupt);
    database.sql.exec("UPDATE vault_secrets SET version = 2 WHERE name = 'camera/one'");
    expect(() => vault.get("camera/one")).toThrow(corrupt);
    database.sql.exec("UPDATE vault_secrets SET version = 1 WHERE name = 'camera/one'");
    expect(vault.get("camera/one")?.toString()).toBe("one");
    database.sql.exec("PRAGMA foreign_keys=OFF; UPDATE vault_secrets SET key_id = 'key-other'");
    expect(() => vault.get("camera/one")).toThrow(corrupt);
  });
});

describe("Vault.open", () => {
  it("makes a key that only the owner can read, and keeps it", async () => {
    await open();
    const key = readFileSync(keyFile);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(key.subarray(0, 22).toString()).toBe("gatehouse-vault-key 1\n");
    expect(key.length).toBe(22 + 32);
    await open();
    expect(readFileSync(keyFile).equals(key)).toBe(true);
  });

  it("refuses a key file that others can read, and leaves everything as it is", async () => {
    (await open()).put("camera/one", Buffer.from("one"));
    await chmod(keyFile, 0o640);
    await expect(open()).rejects.toMatchObject({ code: "file-permissions" });
    await chmod(keyFile, 0o600);
    expect((await open()).get("camera/one")?.toString()).toBe("one");
  });

  it("makes no new key while there are secrets that need the lost one", async () => {
    (await open()).put("camera/one", Buffer.from("one"));
    await copyFile(keyFile, `${keyFile}.backup`);
    await rm(keyFile);
    await expect(open()).rejects.toMatchObject({ code: "vault-key-missing" });
    expect(existsSync(keyFile)).toBe(false);
    await copyFile(`${keyFile}.backup`, keyFile);
    expect((await open()).get("camera/one")?.toString()).toBe("one");
  });

  it("starts anew when the lost key had sealed nothing", async () => {
    await open();
    await rm(keyFile);
    (await open()).put("camera/one", Buffer.from("one"));
    expect((await open()).get("camera/one")?.toString()).toBe("one");
  });

  it("goes on with the key file that a crash left without a ring", async () => {
    await open();
    const key = readFileSync(keyFile);
    database.sql.exec("DELETE FROM vault_keys");
    (await open()).put("camera/one", Buffer.from("one"));
    expect(readFileSync(keyFile).equals(key)).toBe(true);
  });

  it("refuses a key file with any bit changed, cut, longer or of another vault", async () => {
    (await open()).put("camera/one", Buffer.from("one"));
    const key = readFileSync(keyFile);
    const contents = [...key.keys()].map((at) => {
      const changed = Buffer.from(key);
      changed[at]! ^= 1 << (at % 8);
      return changed;
    });
    contents.push(Buffer.alloc(0), key.subarray(0, -1), Buffer.concat([key, Buffer.of(0)]));
    for (const content of contents) {
      writeFileSync(keyFile, content);
      await expect(open()).rejects.toThrow(corrupt);
    }
    writeFileSync(keyFile, key);
    expect((await open()).get("camera/one")?.toString()).toBe("one");
  });

  it("refuses a ring without a key to seal with, or with a proof of another length", async () => {
    await open();
    database.sql.exec("UPDATE vault_keys SET sealing = 0");
    await expect(open()).rejects.toThrow(corrupt);
    database.sql.exec("UPDATE vault_keys SET sealing = 1, proof = x'00'");
    await expect(open()).rejects.toThrow(corrupt);
  });

  it("reads what an older key of the ring sealed, and seals with the newest", async () => {
    const before = await open();
    before.put("camera/one", Buffer.from("one"));
    const found = await readRootKey(keyFile);
    KeyRing.addKey(database, found!.rootKey);
    const after = await open();
    after.put("camera/two", Buffer.from("two"));
    expect([after.get("camera/one")?.toString(), after.get("camera/two")?.toString()]).toEqual(["one", "two"]);
    const keys = database.sql.prepare("SELECT count(DISTINCT key_id) AS keys FROM vault_secrets").get();
    expect(keys?.["keys"]).toBe(2);
    expect(() => before.get("camera/two")).toThrow(corrupt);
  });

  it("does nothing for a caller who has gone", async () => {
    const gone = { signal: AbortSignal.abort(new Error("gone")) };
    await expect(Vault.open({ database, keyFile }, gone)).rejects.toThrow("gone");
    expect(existsSync(keyFile)).toBe(false);
  });
});
