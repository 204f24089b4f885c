import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { forgetPendingKey, pendingKey } from "./pairing-key.ts";

const string = "gh1.aG9zdDo4NDQz.abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUV";
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-pairing-"));
  path = join(folder, "device.json.pairing");
});
afterEach(() => rm(folder, { recursive: true }));

describe("pendingKey", () => {
  it("is the same for the same string, as people paste it, from before it is used", async () => {
    const key = await pendingKey(path, string);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(await pendingKey(path, ` ${string}\n`)).toBe(key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).not.toContain(string.slice(-22));
  });

  it("is another one for another string", async () => {
    const key = await pendingKey(path, string);
    expect(await pendingKey(path, `${string.slice(0, -1)}W`)).not.toBe(key);
  });

  it("is a new one where the file is damaged", async () => {
    await writeFile(path, "{", { mode: 0o600 });
    expect(await pendingKey(path, string)).toContain("PRIVATE KEY");
  });

  it("is forgotten once it is used", async () => {
    await pendingKey(path, string);
    await forgetPendingKey(path);
    await forgetPendingKey(path);
    expect(await readdir(folder)).toEqual([]);
  });
});
