import { expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";

import { publicKeyText, signBytes, signManifest } from "../../gateway-bridge/packaging/sign-release.ts";
import { sealHeader, writeTar } from "../../gateway-bridge/packaging/tar-writer.ts";
import { openManifest, type Manifest } from "../../gateway-bridge/src/update/manifest.ts";
import { TarReader } from "../../gateway-bridge/src/update/tar-reader.ts";
import { fuzz, mutate, seeded } from "../support/fuzz.ts";

const key = generateKeyPairSync("ed25519").privateKey;
const keys = { current: publicKeyText(key) };
const manifest: Manifest = {
  format: 1,
  version: "0.2.0",
  released: 1_000,
  expires: 2_000,
  supportedUntil: 3_000,
  minimumVersion: "0.1.0",
  files: [{ platform: "linux-x64", name: "a.tar.gz", size: 10, sha256: "ab".repeat(32) }],
  notes: "What is new.",
};
const signed = signManifest(manifest, [key]);
const words = [
  '"format"',
  '"version"',
  '"__proto__"',
  '"files"',
  "1e999",
  "null",
  "[",
  "}",
  "\\u0000",
  "../",
  "linux-arm64",
];

it("believes no manifest that is not the very one that was signed", () => {
  const corpus = [signed.bytes];
  fuzz(
    (input) => {
      const opened = openManifest(input, signed.signatures, keys);
      if (!input.equals(signed.bytes)) throw new Error(`believed ${JSON.stringify(opened)}`);
    },
    { corpus, dictionary: words },
  );
});

it("believes no signature but the right one", () => {
  const [, right = ""] = signed.signatures.trim().split(" ");
  fuzz(
    (input) => {
      openManifest(signed.bytes, input.toString("latin1"), keys);
      const bytes = Buffer.from(right, "base64");
      const lines = input.toString("latin1").split("\n");
      if (!lines.some((line) => Buffer.from(line.slice(17), "base64").equals(bytes)))
        throw new Error("believed another");
    },
    { corpus: [Buffer.from(signed.signatures)], dictionary: [" ", "\n", "==", "A".repeat(86)], inputs: 20_000 },
  );
});

it("reads whatever its makers sign, or refuses it", () => {
  const random = seeded(7);
  for (let index = 0; index < 3_000; index += 1) {
    const bytes = mutate(signed.bytes, { corpus: [signed.bytes], dictionary: words }, random);
    const signatures = signBytes(bytes, [key]);
    try {
      expect(openManifest(bytes, signatures, keys)).toMatchObject({ format: 1 });
    } catch (error) {
      expect(error).toMatchObject({ code: "update-unsuitable" });
    }
  }
});

it("takes any archive apart within its bounds, and never out of its folder", () => {
  const archive = Buffer.concat([
    ...writeTar([
      { path: "bin", content: undefined },
      { path: "bin/gatehouse", content: Buffer.from("#!/bin/sh\n"), executable: true },
      { path: `${"folder/".repeat(20)}${"name".repeat(20)}`, content: Buffer.alloc(600, 7) },
    ]),
  ]);
  const limits = { entries: 8, bytes: 4_096 };
  const dictionary = ["../", "/", "\0", "ustar\x0000", "0000644\0", "77777777777\0", "5", "2", " \0"];
  const read = (input: Buffer, size: number): void => {
    const reader = new TarReader(limits);
    let [entries, content] = [0, 0];
    for (let at = 0; at < input.length; at += size) {
      for (const event of reader.read(input.subarray(at, at + size))) {
        if (event.kind === "content") content += event.bytes.length;
        else {
          entries += 1;
          const parts = event.entry.path.split("/");
          if (parts.some((part) => ["", ".", ".."].includes(part))) throw new Error(`let ${event.entry.path} through`);
        }
      }
      if (entries > limits.entries || content > limits.bytes) throw new Error("let too much through");
    }
    reader.end();
  };
  fuzz((input) => read(repaired(input), 512), { corpus: [archive], dictionary });
  fuzz((input) => read(input, 700), { corpus: [archive], dictionary, seed: 2 });
});

/** Makes the headers' checksums right again, so that what is behind them is reached. */
const repaired = (input: Buffer): Buffer => {
  const bytes = Buffer.from(input);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.toString("latin1", 257, 262) !== "ustar") continue;
    sealHeader(block);
  }
  return bytes;
};
