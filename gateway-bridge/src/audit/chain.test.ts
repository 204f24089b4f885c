import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createHash, randomBytes } from "node:crypto";

import { genesis, hashRow, isMacOf, macOf, type RowContent } from "./chain.ts";

const row: RowContent = {
  sequence: 1,
  time: 1_700_000_000_000,
  principal: "who-abcdefghijklmnop",
  action: "live",
  target: "cam-abcdefghijklmnop",
  outcome: "allowed",
  detail: 'a "quoted" word',
};

describe("hashRow", () => {
  it("is SHA-256 over a text that anybody can write down", () => {
    const text =
      `["gatehouse audit 1","${"00".repeat(32)}",1,1700000000000,"who-abcdefghijklmnop","live",` +
      String.raw`"cam-abcdefghijklmnop","allowed","a \"quoted\" word"]`;
    expect(hashRow(genesis.hash, row).toString("hex")).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("differs for any two rows that differ, wherever their texts are divided", () => {
    const texts = fc.array(fc.string({ unit: "binary", maxLength: 6 }), { minLength: 4, maxLength: 4 });
    const rows = fc
      .tuple(fc.nat(3), fc.nat(3), texts)
      .map(([sequence, time, [principal = "", action = "", target = "", detail = ""]]) => ({
        ...row,
        ...{ sequence, time, principal, action, target, detail },
      }));
    fc.assert(
      fc.property(rows, rows, (one, two) => {
        const same = JSON.stringify(one) === JSON.stringify(two);
        expect(hashRow(genesis.hash, one).equals(hashRow(genesis.hash, two))).toBe(same);
      }),
    );
    expect(hashRow(Buffer.alloc(32, 1), row).equals(hashRow(genesis.hash, row))).toBe(false);
  });
});

describe("macOf", () => {
  it("holds for this key, sequence and hash only", () => {
    const [key, other] = [randomBytes(32), randomBytes(32)];
    const head = { sequence: 9, hash: randomBytes(32) };
    const mac = macOf(key, head);
    expect(isMacOf(key, head, mac)).toBe(true);
    expect(isMacOf(other, head, mac)).toBe(false);
    expect(isMacOf(key, { ...head, sequence: 8 }, mac)).toBe(false);
    expect(isMacOf(key, { ...head, hash: other }, mac)).toBe(false);
    expect(isMacOf(key, head, mac.subarray(1))).toBe(false);
  });
});
