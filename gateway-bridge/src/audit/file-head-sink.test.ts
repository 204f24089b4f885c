import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FileHeadSink } from "./file-head-sink.ts";

const never = { signal: new AbortController().signal };
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-heads-"));
  path = join(folder, "heads.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

describe("FileHeadSink", () => {
  it("holds nothing before the first push, then the newest", async () => {
    const sink = new FileHeadSink(path);
    expect(await sink.newest(never)).toBeUndefined();
    await sink.push("one\n\nsigned\n", never);
    await sink.push("two\n\nsigned\n", never);
    expect(await new FileHeadSink(path).newest(never)).toBe("two\n\nsigned\n");
    expect(await readFile(path, "utf8")).toBe(
      `${JSON.stringify({ head: "one\n\nsigned\n" })}\n${JSON.stringify({ head: "two\n\nsigned\n" })}\n`,
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("takes a line that a crash tore off for nothing, and goes on in a line of its own", async () => {
    const sink = new FileHeadSink(path);
    await sink.push("one", never);
    await appendFile(path, '{"head":"tw');
    expect(await sink.newest(never)).toBe("one");
    await sink.push("three", never);
    expect(await sink.newest(never)).toBe("three");
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(4);
  });

  it("finds the newest in a long file, and gives what is no note as it is", async () => {
    await writeFile(path, `${'{"head":"old"}\n'.repeat(10_000)}{"head":"new"}\n`);
    expect(await new FileHeadSink(path).newest(never)).toBe("new");
    await appendFile(path, "somebody was here\n");
    expect(await new FileHeadSink(path).newest(never)).toBe("somebody was here");
    await writeFile(path, "x".repeat(100_000));
    expect(await new FileHeadSink(path).newest(never)).toBeUndefined();
  });

  it("says what it cannot reach", async () => {
    const sink = new FileHeadSink(join(folder, "not", "there"));
    await expect(sink.push("one", never)).rejects.toMatchObject({ code: "heads-unreachable", retry: "later" });
    await expect(new FileHeadSink(folder).newest(never)).rejects.toMatchObject({ code: "heads-unreachable" });
  });
});
