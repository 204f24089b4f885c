import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Backup, writeBackup } from "./backup-file.ts";
import type { Contents } from "./contents.ts";

const protection = {
  passphrase: Secret.of("correct horse battery staple"),
  cost: { memory: 19_456, passes: 1, lanes: 1 },
} as const;
const rightly = async () => protection.passphrase;
const database = randomBytes(200_000);
const contents: Contents = {
  version: "0.1.0",
  made: 1_000,
  files: [
    { name: "gatehouse.db", length: database.length },
    { name: "vault.key", length: 11 },
  ],
};
async function* files(): AsyncGenerator<Buffer> {
  yield database;
  yield Buffer.from("hunter2-key");
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-file-"));
  path = join(folder, "home.gatehouse");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const read = async (): Promise<Buffer> => {
  await using backup = await Backup.open(path, rightly);
  const pieces: Buffer[] = [];
  for await (const { bytes } of backup.parts()) pieces.push(bytes);
  return Buffer.concat(pieces);
};

describe("a backup file", () => {
  it("gives back what was put in, and shows none of it", async () => {
    await writeBackup(path, { contents, files: files() }, protection);
    expect((await read()).equals(Buffer.concat([database, Buffer.from("hunter2-key")]))).toBe(true);
    await using backup = await Backup.open(path, rightly);
    expect(await backup.verify()).toEqual(contents);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(path);
    expect(bytes.toString("latin1", 0, 19)).toBe("gatehouse-backup 1\n");
    for (const hidden of ["hunter2", "gatehouse.db", "vault.key", "correct horse"]) {
      expect(bytes.includes(hidden)).toBe(false);
    }
    expect(readdirSync(folder)).toEqual(["home.gatehouse"]);
  });

  it("is refused with one reason for a wrong passphrase and another for damage, wherever it is", async () => {
    await writeBackup(path, { contents, files: files() }, protection);
    await expect(Backup.open(path, async () => Secret.of("another one"))).rejects.toMatchObject({
      code: "passphrase-wrong",
    });
    const whole = readFileSync(path);
    // In the kind, the parameters, the proof, the checksum, the first record, the last, and the last tag.
    for (const at of [0, 25, 60, 120, 150, 160, 1_000, whole.length - 100, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      writeFileSync(path, changed);
      await expect(read()).rejects.toMatchObject({ code: "backup-damaged" });
    }
    for (const length of [0, 5, 100, 200, 70_000, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(read()).rejects.toMatchObject({ code: "backup-damaged" });
    }
    writeFileSync(path, whole);
    expect((await read()).length).toBe(database.length + 11);
  });

  it("takes no other file's place, and leaves nothing where it cannot be written", async () => {
    writeFileSync(path, "last year's");
    await expect(writeBackup(path, { contents, files: files() }, protection)).rejects.toMatchObject({
      code: "request-invalid",
    });
    expect(readFileSync(path, "utf8")).toBe("last year's");
    const nowhere = join(folder, "nowhere", "home.gatehouse");
    await expect(writeBackup(nowhere, { contents, files: files() }, protection)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("ENOENT"),
    });
    expect(readdirSync(folder)).toEqual(["home.gatehouse"]);
  });

  it("leaves nothing when what it is made of fails", async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield database;
      throw new Error("the disk is broken");
    }
    await expect(writeBackup(path, { contents, files: failing() }, protection)).rejects.toThrow("the disk is broken");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that is not there, or is a folder, is told so", async () => {
    await expect(Backup.open(path, rightly)).rejects.toMatchObject({ code: "not-found" });
    mkdirSync(path);
    await expect(Backup.open(path, rightly)).rejects.toMatchObject({ code: "not-found" });
  });
});
