import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FirmwareFolder } from "./firmware-folder.ts";
import { isForModel } from "./firmware-policy.ts";

const never = { signal: new AbortController().signal };
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-firmware-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the folder for firmware", () => {
  it("lists files by their hash, and neither links, folders and empty ones nor what is being written", async () => {
    await writeFile(join(folder, "b.bin"), "two");
    await writeFile(join(folder, "a.bin"), "one");
    await writeFile(join(folder, "empty.bin"), "");
    await writeFile(join(folder, ".part-of-it"), "on");
    await mkdir(join(folder, "settings"));
    await symlink("/etc/passwd", join(folder, "link.bin"));
    expect(await new FirmwareFolder(folder).list(never)).toEqual([
      { name: "a.bin", bytes: 3, sha256: hash("one") },
      { name: "b.bin", bytes: 3, sha256: hash("two") },
    ]);
  });

  it("is empty where there is none", async () => {
    expect(await new FirmwareFolder(join(folder, "none")).list(never)).toEqual([]);
  });

  it("hands out no file that was exchanged since", async () => {
    await writeFile(join(folder, "a.bin"), "one");
    const files = new FirmwareFolder(folder);
    const [file] = await files.list(never);
    expect((await files.read(file!)).toString()).toBe("one");
    await writeFile(join(folder, "a.bin"), "two");
    await expect(files.read(file!)).rejects.toMatchObject({ code: "firmware-unfit" });
  });
});

describe("a firmware file's model", () => {
  it.each([
    ["DS-2CD2143G2-I", "DS-2CD2143G2-I_V5.8.11.dav", "", true],
    ["DS-2CD2143G2-I", "ds2cd2143g2i.dav", "", true],
    ["DS-2CD2143G2-I", "digicap.dav", "", false],
    ["DS-2CD2143G2-I", "digicap.dav", "\\0\\0model=DS-2CD2143G2-I\\0", true],
    ["DS-2CD2143G2-I", "DS-2CD2143G0-I.dav", "", false],
    ["X1", "X1.bin", "X1", false],
    ["", "anything.bin", "", false],
  ])("%s is in %s, %j: %s", (model, name, head, fits) => {
    expect(isForModel(model, { name, head: Buffer.from(head) })).toBe(fits);
  });
});
