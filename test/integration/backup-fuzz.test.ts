import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { hash } from "node:crypto";

import { backupKind } from "../../gateway-bridge/src/backup/backup-file.ts";
import { formatContents, Unpacking, type Contents } from "../../gateway-bridge/src/backup/contents.ts";
import { makePassphraseHeader, parsePassphraseHeader } from "../../gateway-bridge/src/vault/passphrase-header.ts";
import { fuzz } from "../support/fuzz.ts";

const contents: Contents = {
  version: "0.1.0",
  made: 1_763_800_000_000,
  files: [
    { name: "gatehouse.db", length: 5 },
    { name: "vault.key", length: 3 },
    { name: "config.json", length: 2 },
  ],
};
const dictionary = [
  '"',
  ":",
  ",",
  "{",
  "}",
  "[]",
  "null",
  "-1",
  "1e9",
  "9007199254740993",
  "length",
  "__proto__",
  "\n",
];

describe("a backup that somebody bent", () => {
  it("is no danger before its passphrase was asked for", async () => {
    const { header } = await makePassphraseHeader(backupKind, {
      passphrase: Secret.of("correct horse battery staple"),
      cost: { memory: 19_456, passes: 1, lanes: 1 },
    });
    const proven = header.bytes.subarray(0, -8);
    const corpus = [proven, Buffer.concat([proven, Buffer.from("what follows")])];
    let read = 0;
    fuzz(
      (input) => {
        parsePassphraseHeader(backupKind, input);
        // Whoever bends a header can also make its checksum fit.
        const lineEnd = input.indexOf("\n", backupKind.length + 1);
        const end = lineEnd + 33;
        const bent = input.subarray(0, end);
        const parsed = parsePassphraseHeader(
          backupKind,
          Buffer.concat([bent, hash("sha256", bent, "buffer").subarray(0, 8)]),
        );
        if (parsed === undefined) return;
        read += 1;
        const { memory, passes, lanes } = parsed.cost;
        if (memory > 1_048_576 || passes > 16 || lanes > 4 || parsed.salt.length !== 16) throw new Error("too dear");
      },
      { corpus, dictionary: [...dictionary, "memory", "passes", "lanes", "argon2id", "262144"], inputs: 30_000 },
    );
    // Void if every input fell at the first byte.
    expect(read).toBeGreaterThan(1_000);
  });

  it("is no danger when it was made with the passphrase", () => {
    const corpus = [
      Buffer.concat([formatContents(contents), Buffer.from("hellokey{}")]),
      Buffer.concat([formatContents({ ...contents, files: contents.files.slice(0, 1) }), Buffer.from("hello")]),
    ];
    let [read, pieces] = [0, 0];
    fuzz(
      (input) => {
        const unpacking = new Unpacking();
        const middle = input.length >> 1;
        const parts = [...unpacking.push(input.subarray(0, middle)), ...unpacking.push(input.subarray(middle))];
        pieces += 1;
        const { files } = unpacking.end();
        read += 1;
        const total = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
        if (total > input.length || total !== files.reduce((sum, { length }) => sum + length, 0)) {
          throw new Error("made something up");
        }
      },
      { corpus, dictionary: [...dictionary, "gatehouse.db", "vault.key", "../x"], inputs: 40_000 },
    );
    expect(pieces).toBeGreaterThan(1_000);
    expect(read).toBeGreaterThan(200);
  });
});
