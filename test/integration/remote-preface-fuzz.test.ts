import { describe, expect, it } from "@jest/globals";
import { PassThrough } from "node:stream";

import { longestPreface, parsePreface, type Preface } from "../../gateway-bridge/src/relay/door/preface.ts";
import { readPreface } from "../../gateway-bridge/src/relay/door/read-preface.ts";
import { fuzz, mutate, seeded } from "../support/fuzz.ts";

const never = { signal: new AbortController().signal };
const cookie = Buffer.alloc(32, 7).toString("base64url");
const lines = ["GH1 api", `GH1 rtsp ${cookie}`];
const dictionary = [
  "GH1",
  "GH2",
  " ",
  "api",
  "rtsp",
  "\n",
  "\r\n",
  "\0",
  cookie,
  cookie.slice(1),
  "=",
  "+",
  "/",
  "A".repeat(300),
];

/** As it must have been written. */
const textOf = (preface: Preface): string =>
  preface.kind === "api" ? "GH1 api" : `GH1 rtsp ${preface.login.reveal()}`;

describe("the first line inside a channel", () => {
  it("is read as it was written, or not at all", () => {
    const kinds = new Set<string>();
    fuzz(
      (input) => {
        const preface = parsePreface(input);
        kinds.add(preface?.kind ?? "none");
        if (preface !== undefined) expect(textOf(preface)).toBe(input.toString("latin1"));
      },
      { corpus: lines.map((line) => Buffer.from(line)), dictionary },
    );
    expect([...kinds].sort()).toEqual(["api", "none", "rtsp"]);
  });

  it("is taken from a stream in whatever pieces it comes, with nothing of what is behind it", async () => {
    const random = seeded(1);
    const corpus = lines.flatMap((line) => [Buffer.from(`${line}\n`), Buffer.from(`${line}\nGET / HTTP/1.1\r\n\r\n`)]);
    const outcomes = { taken: 0, refused: 0 };
    for (let index = 0; index < 4_000; index += 1) {
      const base = corpus[index % corpus.length]!;
      const input = index % 3 === 0 ? base : mutate(base, { corpus, dictionary }, random);
      const end = input.indexOf("\n");
      const expected = end < 0 || end >= longestPreface ? undefined : parsePreface(input.subarray(0, end));
      const stream = new PassThrough();
      const reading = readPreface(stream, never).catch(() => undefined);
      for (let at = 0; at < input.length;) {
        const next = at + 1 + Math.floor(random() * 40);
        stream.write(input.subarray(at, next));
        at = next;
        if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end();
      const preface = await reading;
      expect(preface && textOf(preface)).toBe(expected && textOf(expected));
      outcomes[preface === undefined ? "refused" : "taken"] += 1;
      if (preface === undefined) continue;
      const behind: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) behind.push(chunk);
      expect(Buffer.concat(behind).equals(input.subarray(end + 1))).toBe(true);
    }
    expect(outcomes.taken).toBeGreaterThan(1_300);
    expect(outcomes.refused).toBeGreaterThan(500);
  });
});
