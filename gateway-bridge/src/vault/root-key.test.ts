import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isProtected, readRootKey, writeRootKey } from "./root-key.ts";

const protection = {
  passphrase: Secret.of("correct horse battery staple"),
  cost: { memory: 19_456, passes: 1, lanes: 1 },
} as const;
const rightly = async () => protection.passphrase;

let folder: string;
let path: string;
const rootKey = randomBytes(32);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "root-key-"));
  path = join(folder, "vault.key");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a root key under a passphrase", () => {
  beforeEach(() => writeRootKey(path, rootKey, protection));

  it("is given to who has the passphrase, and lies nowhere in the file", async () => {
    expect(await readRootKey(path, rightly)).toEqual({ rootKey, passphrase: protection.passphrase });
    expect(await isProtected(path)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes(rootKey)).toBe(false);
    expect(readFileSync(path).includes("correct horse")).toBe(false);
  });

  it("stays locked without one, and for another", async () => {
    await expect(readRootKey(path)).rejects.toMatchObject({ code: "vault-locked" });
    await expect(readRootKey(path, async () => undefined)).rejects.toMatchObject({ code: "vault-locked" });
    const other = async () => Secret.of("correct horse battery stapler");
    await expect(readRootKey(path, other)).rejects.toMatchObject({ code: "passphrase-wrong" });
  });

  it("is refused when any byte of the file was changed, or it was cut or made longer", async () => {
    const whole = readFileSync(path);
    const contents = [whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(0)])];
    // In the header, the sealed key and its tag.
    for (const at of [30, 100, whole.length - 48, whole.length - 17, whole.length - 16, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      contents.push(changed);
    }
    for (const content of contents) {
      writeFileSync(path, content);
      await expect(readRootKey(path, rightly)).rejects.toMatchObject({ code: "vault-corrupt" });
    }
  });

  it("is not even looked at when others can read it", async () => {
    chmodSync(path, 0o640);
    await expect(readRootKey(path, rightly)).rejects.toMatchObject({ code: "file-permissions" });
  });
});

it("a root key without a passphrase asks for none", async () => {
  await writeRootKey(path, rootKey);
  const unasked = async () => {
    throw new Error("asked");
  };
  expect(await readRootKey(path, unasked)).toEqual({ rootKey });
  expect(await isProtected(path)).toBe(false);
  expect(await isProtected(join(folder, "nowhere"))).toBe(false);
});
