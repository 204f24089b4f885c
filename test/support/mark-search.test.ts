import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Canary } from "./canary.ts";
import { MarkSearch } from "./mark-search.ts";

const mark = new Canary().text;
const key = randomBytes(32);
const search = new MarkSearch({ mark, key, other: new Canary().text });
const around = (bytes: Buffer | string, before: number): Buffer =>
  Buffer.concat([randomBytes(before), Buffer.from(bytes as string), randomBytes(100)]);

const writings: readonly (readonly [string, (raw: Buffer) => Buffer])[] = [
  ["as it is", (raw) => raw],
  ["in base64", (raw) => Buffer.from(raw.toString("base64"))],
  [
    "in base64, behind one byte",
    (raw) => Buffer.from(Buffer.concat([Buffer.of(7), raw, Buffer.of(8)]).toString("base64")),
  ],
  [
    "in base64, behind two bytes",
    (raw) => Buffer.from(Buffer.concat([Buffer.of(7, 9), raw, Buffer.of(8)]).toString("base64")),
  ],
  ["in base64url", (raw) => Buffer.from(raw.toString("base64url"))],
  ["in hexadecimal", (raw) => Buffer.from(raw.toString("hex"))],
  ["in capital hexadecimal", (raw) => Buffer.from(raw.toString("hex").toUpperCase())],
  ["with percent signs", (raw) => Buffer.from(raw.toString("hex").replace(/../g, "%$&"))],
  ["in UTF-16", (raw) => Buffer.from(raw.toString("latin1"), "utf16le")],
  ["in UTF-16, the other way round", (raw) => Buffer.from(raw.toString("latin1"), "utf16le").swap16()],
];

describe("the search for marks", () => {
  it.each(writings)("finds a mark %s, wherever it lies", (_, write) => {
    for (let before = 0; before < 60; before += 1) {
      expect([before, search.in(around(write(Buffer.from(mark)), before))]).toEqual([before, ["mark"]]);
      expect([before, search.in(around(write(key), before))]).toEqual([before, ["key"]]);
    }
  });

  it("finds nothing where there is none, nor a part of one", () => {
    expect(search.in(randomBytes(1_000_000))).toEqual([]);
    expect(search.in(around(mark.slice(0, -1), 50), around(mark.slice(1), 50))).toEqual([]);
  });

  it("finds marks in files, across the ends of what is read at once too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-marks-"));
    try {
      const path = join(folder, "dump");
      for (const before of [0, 16 * 1024 * 1024 - 5, 16 * 1024 * 1024 + 200]) {
        await writeFile(path, around(mark, before));
        expect([before, await search.inFile(path)]).toEqual([before, ["mark"]]);
      }
      await writeFile(path, around(key, 20 * 1024 * 1024));
      expect(await search.inFile(path)).toEqual(["key"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses a mark that is too short to be one", () => {
    expect(() => new MarkSearch({ name: "Front door" })).toThrow("32");
  });
});
