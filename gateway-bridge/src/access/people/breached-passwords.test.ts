import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BreachedPasswords } from "./breached-passwords.ts";

const sha1 = (password: string): string => createHash("sha1").update(password).digest("hex").toUpperCase();
const leaked = Array.from({ length: 1_000 }, (_, index) => `leaked ${index}`);
const hashes = leaked.map(sha1).sort();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-breached-"));
});
afterAll(() => rm(folder, { recursive: true }));

const keep = async (content: string): Promise<string> => {
  const file = join(folder, "list.txt");
  await writeFile(file, content);
  return file;
};
const search = async (file: string, passwords: readonly string[]): Promise<boolean[]> => {
  await using list = await BreachedPasswords.open(file);
  const found: boolean[] = [];
  for (const password of passwords) found.push(await list.has(Secret.of(password)));
  return found;
};

describe("the breached passwords of a file", () => {
  it.each([
    ["as its downloader writes them", (hash: string, index: number) => `${hash}:${index + 1}\r\n`],
    ["without counts", (hash: string) => `${hash}\n`],
    [
      "in small letters, the last line without an end",
      (hash: string, index: number) =>
        `${hash.toLowerCase()}:${10 ** (index % 10)}${index + 1 < hashes.length ? "\n" : ""}`,
    ],
  ])("are found wherever they lie, and no other: %s", async (_, lineOf) => {
    const file = await keep(hashes.map(lineOf).join(""));
    const found = await search(file, leaked);
    expect(found.filter(Boolean)).toHaveLength(leaked.length);
    const others = Array.from({ length: 400 }, (_other, index) => `not leaked ${index}`);
    expect((await search(file, others)).filter(Boolean)).toEqual([]);
  });

  it("are found in lists of every size", async () => {
    const sizes = fc.array(fc.nat(999), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(sizes, async (picked) => {
        const kept = new Set(picked.map((index) => leaked[index]!));
        const lines = [...kept].map((password) => `${sha1(password)}:7\r\n`).sort();
        const file = await keep(lines.join(""));
        const asked = [...kept, ...leaked.slice(0, 50)];
        expect(await search(file, asked)).toEqual(asked.map((password) => kept.has(password)));
      }),
      { numRuns: 20 },
    );
  });

  it("are those of the same letters, however they are composed", async () => {
    const file = await keep(`${sha1("caf\u00e9 au lait")}:3\r\n`);
    expect(await search(file, ["cafe\u0301 au lait", "cafe au lait"])).toEqual([true, false]);
  });

  it.each([
    ["nothing", "", "holds nothing"],
    ["the passwords themselves", "password\nletmein\n", "is no list of SHA-1 hashes"],
    ["one long line", "A".repeat(5_000), "is no list of SHA-1 hashes"],
    ["another order", [...hashes].reverse().join("\n"), "is not in the order"],
    ["NTLM's hashes", `${"0A".repeat(16)}:5\r\n`, "is no list of SHA-1 hashes"],
  ])("are not looked for where there is %s", async (_, content, why) => {
    await expect(BreachedPasswords.open(await keep(content))).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining(why) as unknown,
    });
  });

  it("are not looked for in no file", async () => {
    await expect(BreachedPasswords.open(join(folder, "none"))).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("ENOENT") as unknown,
    });
  });

  it("are an error, not a clean bill, where the file is something else by now", async () => {
    const file = await keep(hashes.map((hash) => `${hash}:1\r\n`).join(""));
    await using list = await BreachedPasswords.open(file);
    await writeFile(file, "x".repeat(300_000));
    await expect(list.has(Secret.of("leaked 7"))).rejects.toMatchObject({ code: "config-invalid" });
  });
});
