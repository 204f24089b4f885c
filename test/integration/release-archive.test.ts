import { describe, expect, it } from "@jest/globals";

import { sealHeader, writeTar, type TarInput } from "../../gateway-bridge/packaging/tar-writer.ts";
import { parseTarHeader, TarReader, type TarEvent } from "../../gateway-bridge/src/update/tar-reader.ts";

const limits = { entries: 100, bytes: 10_000 };
const archive = (inputs: readonly TarInput[]): Buffer => Buffer.concat([...writeTar(inputs)]);
const long = `${"folder/".repeat(20)}${"name".repeat(20)}`;
const inputs: readonly TarInput[] = [
  { path: "bin", content: undefined },
  { path: "bin/gatehouse", content: Buffer.from("#!/bin/sh\n"), executable: true },
  { path: "empty", content: Buffer.alloc(0) },
  { path: "whole", content: Buffer.alloc(1_024, 7) },
  { path: long, content: Buffer.from("deep") },
];

const readAll = (bytes: Buffer, size: number): TarEvent[] => {
  const reader = new TarReader(limits);
  const events: TarEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...reader.read(bytes.subarray(at, at + size)));
  reader.end();
  return events;
};

/** One header with some bytes replaced and its checksum right. */
const forged = (change: (block: Buffer) => void): Buffer => {
  const bytes = archive([{ path: "file", content: Buffer.from("x") }]);
  const block = bytes.subarray(0, 512);
  change(block);
  sealHeader(block);
  return bytes;
};
const untrusted = expect.objectContaining({ code: "update-untrusted" });

describe("TarReader", () => {
  it.each([1, 7, 512, 100_000])("gives what was put in, in pieces of %d bytes", (size) => {
    const found = new Map<string, { kind: string; executable: boolean; content: Buffer[] }>();
    let last: Buffer[] = [];
    for (const event of readAll(archive(inputs), size)) {
      if (event.kind === "content") last.push(event.bytes);
      else found.set(event.entry.path, { ...event.entry, content: (last = []) });
    }
    expect([...found.keys()]).toEqual(inputs.map(({ path }) => path));
    for (const { path, content, executable = false } of inputs) {
      const entry = found.get(path)!;
      expect(entry.kind).toBe(content === undefined ? "folder" : "file");
      expect(Buffer.concat(entry.content)).toEqual(content ?? Buffer.alloc(0));
      if (content !== undefined) expect(entry.executable).toBe(executable);
    }
  });

  it.each<[string, (block: Buffer) => void]>([
    ["a way up", (block) => block.write("../x\0", 0)],
    ["a way up in the middle", (block) => block.write("a/../x\0", 0)],
    ["an absolute path", (block) => block.write("/etc/x\0", 0)],
    ["an absolute path by its prefix", (block) => block.write("/etc\0", 345)],
    ["a path of nothing", (block) => block.fill(0, 0, 100)],
    ["a dot", (block) => block.write("./x\0", 0)],
    ["a line end in a name", (block) => block.write("a\nb\0", 0)],
    ["a name that is no UTF-8", (block) => block.set([0xff, 0xfe, 0], 0)],
    ["a link", (block) => block.write("1", 156)],
    ["a symbolic link", (block) => block.write("2", 156)],
    ["a file with the target of a link", (block) => block.write("/etc/passwd", 157)],
    ["a device", (block) => block.write("3", 156)],
    ["an extension", (block) => block.write("x", 156)],
    ["a long name of GNU", (block) => block.write("L", 156)],
    ["a folder with content", (block) => block.write("5", 156)],
    ["a size of other letters", (block) => block.write("9999999999z\0", 124)],
    ["a size as binary", (block) => block.writeUInt8(0x80, 124)],
    ["another format", (block) => block.write("USTAR", 257)],
    ["more than may be", (block) => block.write("77777777777\0", 124)],
  ])("refuses %s", (_, change) => {
    expect(() => readAll(forged(change), 512)).toThrow(untrusted);
  });

  it("refuses a header whose checksum is wrong", () => {
    const bytes = archive(inputs);
    bytes[0]! ^= 1;
    expect(() => readAll(bytes, 512)).toThrow(untrusted);
    expect(() => parseTarHeader(Buffer.alloc(512, 1))).toThrow(untrusted);
  });

  it("refuses an archive that is cut off anywhere", () => {
    const bytes = archive(inputs);
    const enough = bytes.length - 512;
    for (let length = 0; length < enough; length += 97)
      expect(() => readAll(bytes.subarray(0, length), 512)).toThrow(untrusted);
    expect(() => readAll(bytes.subarray(0, bytes.length - 100), 512)).toThrow(untrusted);
  });

  it("refuses what follows its end, and too many entries", () => {
    const bytes = archive(inputs);
    expect(() => readAll(Buffer.concat([bytes, bytes]), 512)).toThrow(untrusted);
    const many = Array.from({ length: 101 }, (_, index) => ({ path: `f${index}`, content: undefined }));
    expect(() => readAll(archive(many), 512)).toThrow(untrusted);
  });
});
