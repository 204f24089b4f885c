import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

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

  it("hands out no file that was exchanged since, nor its end", async () => {
    const long = "one".repeat(100_000);
    await writeFile(join(folder, "a.bin"), long);
    const files = new FirmwareFolder(folder);
    const [file] = await files.list(never);
    const { length, open } = files.content(file!);
    expect(length).toBe(long.length);
    // Each time anew.
    for (let times = 0; times < 2; times += 1) expect(await text(open())).toBe(long);
    for (const other of ["two".repeat(100_000), "two", `${long}!`, long.slice(1), ""]) {
      await writeFile(join(folder, "a.bin"), other);
      let got = 0;
      const reading = (async () => {
        for await (const piece of open() as AsyncIterable<Buffer>) got += piece.length;
      })();
      await expect(reading).rejects.toMatchObject({ code: "firmware-unfit" });
      expect(got).toBeLessThan(long.length);
    }
  });

  describe("takes a file in", () => {
    const piecesOf = async function* (count: number, piece: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < count; at += 1) yield piece;
    };
    const mebibyte = Buffer.alloc(1_048_576);

    it("piece by piece, tells its hash, and replaces one of that name when it is whole", async () => {
      const files = new FirmwareFolder(join(folder, "new"));
      const kept = await files.keep("a.bin", piecesOf(3, Buffer.from("one")), never);
      expect(kept).toEqual({ name: "a.bin", bytes: 9, sha256: hash("oneoneone") });
      await files.keep("a.bin", piecesOf(1, Buffer.from("two")), never);
      expect(await files.list(never)).toEqual([{ name: "a.bin", bytes: 3, sha256: hash("two") }]);
      expect((await stat(join(folder, "new", "a.bin"))).mode & 0o077).toBe(0);
    });

    it("and clears away what a gateway that was cut off left a day ago, and nothing that is being written", async () => {
      for (const part of [".part-old", ".part-new"]) await writeFile(join(folder, part), "half");
      const { mtimeMs } = await stat(join(folder, ".part-new"));
      const longAgo = mtimeMs / 1000 - 86_500;
      await utimes(join(folder, ".part-old"), longAgo, longAgo);
      await new FirmwareFolder(folder).keep("a.bin", piecesOf(1, Buffer.from("one")), never);
      expect((await readdir(folder)).toSorted()).toEqual([".part-new", "a.bin"]);
    });

    it("and leaves nothing of one that is empty, too long, or breaks off, nor when it is called off", async () => {
      const files = new FirmwareFolder(folder);
      await files.keep("a.bin", piecesOf(1, Buffer.from("one")), never);
      const stopping = new AbortController();
      const endless = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; ; at += 1) {
          if (at === 3) stopping.abort(new Error("stopped"));
          yield Buffer.from("on and on");
        }
      };
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from("on");
        throw new Error("broken off");
      };
      await expect(files.keep("a.bin", piecesOf(0, mebibyte), never)).rejects.toMatchObject({ code: "firmware-unfit" });
      await expect(files.keep("a.bin", piecesOf(257, mebibyte), never)).rejects.toMatchObject({
        code: "firmware-unfit",
      });
      await expect(files.keep("a.bin", broken(), never)).rejects.toThrow("broken off");
      await expect(files.keep("a.bin", endless(), stopping)).rejects.toThrow();
      expect(await readdir(folder)).toEqual(["a.bin"]);
      expect(await files.list(never)).toMatchObject([{ sha256: hash("one") }]);
    });

    it("and says that there is no room", async () => {
      const full = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from("on");
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      };
      const kept = new FirmwareFolder(folder).keep("a.bin", full(), never);
      await expect(kept).rejects.toMatchObject({ code: "storage-full", retry: "later" });
      expect(await readdir(folder)).toEqual([]);
    });

    it.each(["", ".hidden", "../a.bin", "a/b", "a\\b", "a\nb", "x".repeat(201)])(
      "under no name such as %j",
      async (name) => {
        const kept = new FirmwareFolder(folder).keep(name, piecesOf(1, mebibyte), never);
        await expect(kept).rejects.toMatchObject({ code: "firmware-unfit" });
      },
    );
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
