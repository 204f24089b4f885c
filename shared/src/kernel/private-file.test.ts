import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readPrivateFile, writePrivateFile } from "./private-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "private-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writePrivateFile", () => {
  it("makes a file that only its owner can read, whatever was there", async () => {
    const path = join(folder, "key");
    await writeFile(path, "old", { mode: 0o644 });
    await writePrivateFile(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["key"]);
  });

  it("leaves nothing behind where it cannot write", async () => {
    await expect(writePrivateFile(join(folder, "none", "key"), "x")).rejects.toMatchObject({ code: "ENOENT" });
    // The draft can be written, but not take the place of a folder.
    await expect(writePrivateFile(folder, "x")).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("readPrivateFile", () => {
  it("reads what was written, and tells when there is nothing", async () => {
    const path = join(folder, "key");
    expect(await readPrivateFile(path)).toBeUndefined();
    await writePrivateFile(path, Buffer.of(0, 255));
    expect(await readPrivateFile(path)).toEqual(Buffer.of(0, 255));
  });

  it.each([0o640, 0o604, 0o620, 0o610])("refuses a file that others can reach (mode %o)", async (mode) => {
    const path = join(folder, "key");
    await writeFile(path, "x");
    await chmod(path, mode);
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: "file-permissions" });
  });

  it("passes other failures on", async () => {
    await expect(readPrivateFile(join(folder, "key", "inside"))).resolves.toBeUndefined();
    await writeFile(join(folder, "file"), "x", { mode: 0o600 });
    await expect(readPrivateFile(join(folder, "file", "inside"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
