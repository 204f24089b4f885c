import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Database } from "../store/database.ts";
import { protectRootKey } from "./protection.ts";
import { readRootKey, writeRootKey } from "./root-key.ts";
import { rotateRootKey } from "./rotation.ts";
import { Vault } from "./vault.ts";

const never = { signal: new AbortController().signal };
const cost = { memory: 19_456, passes: 1, lanes: 1 };
const now = 1_000;
const passphrase = Secret.of("correct horse battery staple");
const ask = async () => passphrase;

let folder: string;
let database: Database;
let keyFile: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rotation-"));
  keyFile = join(folder, "vault.key");
  database = Database.open(join(folder, "gatehouse.db"));
  const vault = await open();
  for (const name of ["one", "two", "three"]) vault.put(name, Buffer.from(`content of ${name}`));
});
afterEach(() => {
  database[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const open = (): Promise<Vault> => Vault.open({ database, keyFile, passphrase: ask }, never);
const contents = async (): Promise<(string | undefined)[]> => {
  const vault = await open();
  return ["one", "two", "three"].map((name) => vault.get(name)?.toString());
};
const whole = ["content of one", "content of two", "content of three"];
const envelopes = (): Buffer[] =>
  database.sql
    .prepare("SELECT wrapped_key FROM vault_secrets")
    .all()
    .map((row) => Buffer.from(row["wrapped_key"] as Uint8Array));
const rotate = () => rotateRootKey({ database, keyFile, passphrase: ask, cost, now }, never);

describe("rotateRootKey", () => {
  it("seals every secret with a new key, and leaves nothing on the disk that the old one opens", async () => {
    const [oldKey, sealed] = [readFileSync(keyFile), envelopes()];
    expect(await rotate()).toBe(3);
    expect(await contents()).toEqual(whole);
    expect(readFileSync(keyFile).equals(oldKey)).toBe(false);
    expect(existsSync(`${keyFile}.next`)).toBe(false);
    expect(statSync(join(folder, "gatehouse.db-wal")).size).toBe(0);
    const disk = readFileSync(join(folder, "gatehouse.db"));
    expect(envelopes().every((envelope) => disk.includes(envelope))).toBe(true);
    expect(sealed.some((envelope) => disk.includes(envelope))).toBe(false);
    writeFileSync(keyFile, oldKey);
    await expect(open()).rejects.toMatchObject({ code: "vault-corrupt" });
  });

  it("keeps the passphrase on the new key", async () => {
    await protectRootKey({ database, keyFile, now }, { passphrase, cost });
    await rotate();
    await expect(readRootKey(keyFile)).rejects.toMatchObject({ code: "vault-locked" });
    expect(await contents()).toEqual(whole);
  });

  it("changes nothing when one secret cannot be read", async () => {
    database.sql.exec("UPDATE vault_secrets SET sealed = zeroblob(60) WHERE name = 'two'");
    const before = envelopes();
    await expect(rotate()).rejects.toMatchObject({ code: "vault-corrupt" });
    expect(envelopes()).toEqual(before);
    expect((await open()).get("one")?.toString()).toBe("content of one");
    expect(existsSync(`${keyFile}.next`)).toBe(false);
  });
});

describe("a vault with two key files, as a crash leaves them", () => {
  it("keeps the old one where the database was not changed yet", async () => {
    const key = readFileSync(keyFile);
    await writeRootKey(`${keyFile}.next`, Buffer.alloc(32, 7));
    expect(await contents()).toEqual(whole);
    expect(existsSync(`${keyFile}.next`)).toBe(false);
    expect(readFileSync(keyFile).equals(key)).toBe(true);
  });

  it("keeps the new one where it was, even if the old is gone", async () => {
    for (const old of [Buffer.alloc(32, 7), undefined]) {
      renameSync(keyFile, `${keyFile}.next`);
      if (old !== undefined) await writeRootKey(keyFile, old);
      expect(await contents()).toEqual(whole);
      expect(existsSync(`${keyFile}.next`)).toBe(false);
    }
  });

  it("throws neither away where neither is the database's", async () => {
    await writeRootKey(keyFile, Buffer.alloc(32, 7));
    await writeRootKey(`${keyFile}.next`, Buffer.alloc(32, 8));
    await expect(open()).rejects.toMatchObject({ code: "vault-corrupt" });
    expect([keyFile, `${keyFile}.next`].map((path) => existsSync(path))).toEqual([true, true]);
  });

  it("asks for the passphrase once", async () => {
    await protectRootKey({ database, keyFile, now }, { passphrase, cost });
    await writeRootKey(`${keyFile}.next`, Buffer.alloc(32, 7), { passphrase, cost });
    let asked = 0;
    const vault = await Vault.open({ database, keyFile, passphrase: async () => ((asked += 1), passphrase) }, never);
    expect([asked, vault.get("one")?.toString()]).toEqual([1, "content of one"]);
  });
});

describe("protectRootKey", () => {
  it("locks, changes and unlocks, and the secrets stay", async () => {
    await protectRootKey({ database, keyFile, now }, { passphrase, cost });
    await expect(Vault.open({ database, keyFile }, never)).rejects.toMatchObject({ code: "vault-locked" });
    expect(await contents()).toEqual(whole);
    const other = Secret.of("another horse altogether");
    await protectRootKey({ database, keyFile, passphrase: ask, now }, { passphrase: other, cost });
    await expect(open()).rejects.toMatchObject({ code: "passphrase-wrong" });
    await protectRootKey({ database, keyFile, passphrase: async () => other, now }, undefined);
    expect((await Vault.open({ database, keyFile }, never)).get("one")?.toString()).toBe("content of one");
    const deeds = database.sql.prepare("SELECT action FROM noted_deeds ORDER BY ordinal").all();
    expect(deeds.map(({ action }) => action)).toEqual(["vaultProtected", "vaultProtected", "vaultUnprotected"]);
  });
});
