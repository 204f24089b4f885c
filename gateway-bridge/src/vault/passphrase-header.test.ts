import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { hash } from "node:crypto";

import {
  longestHeader,
  makePassphraseHeader,
  openPassphraseHeader,
  parsePassphraseHeader,
  type PassphraseCost,
} from "./passphrase-header.ts";

const kind = "gatehouse-test 1";
const cost: PassphraseCost = { memory: 19_456, passes: 1, lanes: 1 };
const passphrase = Secret.of("correct horse battery staple");

describe("a passphrase header", () => {
  it("gives the same key to the same passphrase, however its letters are composed", async () => {
    const composed = Secret.of("café au lait sucré");
    const { header, key } = await makePassphraseHeader(kind, { passphrase: composed, cost });
    const read = parsePassphraseHeader(kind, Buffer.concat([header.bytes, Buffer.from("what follows")]));
    expect(read).toEqual(header);
    expect(header.bytes.length).toBeLessThanOrEqual(longestHeader(kind));
    const decomposed = Secret.of(composed.reveal().normalize("NFD"));
    expect((await openPassphraseHeader(read!, decomposed)).equals(key)).toBe(true);
  });

  it("refuses another passphrase", async () => {
    const { header } = await makePassphraseHeader(kind, { passphrase, cost });
    for (const other of ["correct horse battery stapl", "", "Correct horse battery staple"]) {
      await expect(openPassphraseHeader(header, Secret.of(other))).rejects.toMatchObject({ code: "passphrase-wrong" });
    }
  });

  it("has a key of its own each time", async () => {
    const [one, two] = await Promise.all([
      makePassphraseHeader(kind, { passphrase, cost }),
      makePassphraseHeader(kind, { passphrase, cost }),
    ]);
    expect(one.key.equals(two.key)).toBe(false);
    expect(one.header.salt.equals(two.header.salt)).toBe(false);
  });

  it("is none when any bit of it was changed, or it was cut, or it is of another kind", async () => {
    const { header } = await makePassphraseHeader(kind, { passphrase, cost });
    for (const at of header.bytes.keys()) {
      const changed = Buffer.from(header.bytes);
      changed[at]! ^= 1 << (at % 8);
      expect(parsePassphraseHeader(kind, changed)).toBeUndefined();
      expect(parsePassphraseHeader(kind, header.bytes.subarray(0, at))).toBeUndefined();
    }
    expect(parsePassphraseHeader("gatehouse-test 2", header.bytes)).toBeUndefined();
  });

  it.each([
    ["memory", 1_048_577],
    ["memory", 19_455],
    ["passes", 17],
    ["passes", 0],
    ["lanes", 5],
  ])("whose %s is %i costs more than it may, or less, and is not read", async (name, value) => {
    const { header } = await makePassphraseHeader(kind, { passphrase, cost });
    const bounds = { memory: 1_048_576, passes: 16, lanes: 4 } as Record<string, number>;
    expect(parsePassphraseHeader(kind, withParameter(header.bytes, name, bounds[name] ?? 0))).toBeDefined();
    expect(parsePassphraseHeader(kind, withParameter(header.bytes, name, value))).toBeUndefined();
  });
});

/** The header with another parameter, and a checksum that fits it, as an attacker would make it. */
const withParameter = (bytes: Buffer, name: string, value: number): Buffer => {
  const start = kind.length + 1;
  const end = bytes.indexOf("\n", start);
  const parameters = { ...(JSON.parse(bytes.toString("utf8", start, end)) as object), [name]: value };
  const proven = Buffer.concat([
    Buffer.from(`${kind}\n${JSON.stringify(parameters)}\n`),
    bytes.subarray(end + 1, bytes.length - 8),
  ]);
  return Buffer.concat([proven, hash("sha256", proven, "buffer").subarray(0, 8)]);
};
