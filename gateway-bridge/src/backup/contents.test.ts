import { describe, expect, it } from "@jest/globals";

import { formatContents, Unpacking, type Contents, type Part } from "./contents.ts";

const contents: Contents = {
  version: "0.1.0",
  made: 1_000,
  files: [
    { name: "gatehouse.db", length: 5 },
    { name: "config.json", length: 0 },
    { name: "vault.key", length: 3 },
  ],
};
const whole = Buffer.concat([formatContents(contents), Buffer.from("hellokey")]);
const damaged = expect.objectContaining({ code: "backup-damaged" });

const unpack = (bytes: Buffer, chunk: number): { parts: Part[]; contents: Contents } => {
  const unpacking = new Unpacking();
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; at += chunk) parts.push(...unpacking.push(bytes.subarray(at, at + chunk)));
  return { parts, contents: unpacking.end() };
};

describe("Unpacking", () => {
  it.each([1, 2, 3, 7, 1_000])("gives the files back, %i bytes at a time", (chunk) => {
    const { parts, contents: found } = unpack(whole, chunk);
    expect(found).toEqual(contents);
    const files = new Map<string, string>();
    for (const { name, bytes } of parts) files.set(name, (files.get(name) ?? "") + bytes.toString());
    expect([...files]).toEqual([
      ["gatehouse.db", "hello"],
      ["config.json", ""],
      ["vault.key", "key"],
    ]);
    expect(parts.filter(({ end }) => end).map(({ name }) => name)).toEqual([
      "gatehouse.db",
      "config.json",
      "vault.key",
    ]);
  });

  it("refuses what is shorter or longer than it says", () => {
    for (const at of whole.keys()) expect(() => unpack(whole.subarray(0, at), 100)).toThrow(damaged);
    expect(() => unpack(Buffer.concat([whole, Buffer.of(0)]), 100)).toThrow(damaged);
    expect(() => unpack(Buffer.concat([whole, Buffer.of(0)]), 1)).toThrow(damaged);
  });

  it.each([
    ["a file that is no gateway's", { files: [{ name: "../../etc/passwd", length: 0 }] }],
    ["a file twice", { files: [contents.files[0], contents.files[0]] }],
    ["no database", { files: [{ name: "vault.key", length: 3 }] }],
    ["a length below nothing", { files: [{ name: "gatehouse.db", length: -1 }] }],
    ["half a byte", { files: [{ name: "gatehouse.db", length: 0.5 }] }],
    ["no version", { version: "new" }],
    ["no time", { made: "today" }],
    ["something else", { more: 1 }],
  ])("refuses a list with %s", (_what, change) => {
    const bent = { ...contents, ...change } as Contents;
    expect(() => unpack(formatContents(bent), 100)).toThrow(damaged);
  });

  it("reads no list longer than any is", () => {
    expect(() => new Unpacking().push(Buffer.from("ffffffff", "hex"))).toThrow(damaged);
  });
});
