import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import {
  bits,
  bitString,
  der,
  explicit,
  implicit,
  implicitSequence,
  objectId,
  sequence,
  time,
  unsigned,
  utf8String,
  yes,
} from "./der.ts";

const hex = (bytes: Buffer): string => bytes.toString("hex");

describe("DER", () => {
  it.each([
    [0, "0400"],
    [127, "047f"],
    [128, "048180"],
    [255, "0481ff"],
    [256, "04820100"],
    [65_535, "0482ffff"],
    [65_536, "0483010000"],
  ])("writes a length of %i in the fewest bytes", (length, head) => {
    const value = der(0x04, Buffer.alloc(length));
    expect(hex(value.subarray(0, head.length / 2))).toBe(head);
    expect(value.length).toBe(head.length / 2 + length);
  });

  it.each([
    ["", "020100"],
    ["00", "020100"],
    ["000000", "020100"],
    ["7f", "02017f"],
    ["80", "02020080"],
    ["0080", "02020080"],
    ["00007f01", "02027f01"],
    ["ffff", "020300ffff"],
  ])("writes the number %s", (bytes, expected) => {
    expect(hex(unsigned(Buffer.from(bytes, "hex")))).toBe(expected);
  });

  it("writes any number so that it reads back as itself, not negative, not padded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const content = unsigned(Buffer.from(bytes)).subarray(2);
        const value = (of: Uint8Array): bigint => BigInt(`0x0${Buffer.from(of).toString("hex")}`);
        expect(value(content)).toBe(value(bytes));
        expect(content[0]! < 0x80).toBe(true);
        expect(content.length > 1 && content[0] === 0 && content[1]! < 0x80).toBe(false);
      }),
    );
  });

  it.each([
    ["2.5.29.37", "0603551d25"],
    ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
    ["1.3.6.1.5.5.7.3.2", "06082b06010505070302"],
    ["2.5.4.3", "0603550403"],
  ])("writes the object id %s", (dotted, expected) => {
    expect(hex(objectId(dotted))).toBe(expected);
  });

  it.each([
    ["1970-01-01T00:00:00Z", "170d3730303130313030303030305a"],
    ["2049-12-31T23:59:59.999Z", "170d3439313233313233353935395a"],
    ["2050-01-01T00:00:00Z", "180f32303530303130313030303030305a"],
    ["9999-12-31T23:59:59Z", "180f39393939313233313233353935395a"],
  ])("writes the time %s with as many digits as its year needs", (at, expected) => {
    expect(hex(time(Date.parse(at)))).toBe(expected);
  });

  it("writes the rest", () => {
    expect(hex(bits(0))).toBe("03020780");
    expect(hex(bits(5))).toBe("03020204");
    expect(hex(bits(0, 5))).toBe("03020284");
    expect(hex(bitString(Buffer.of(1)))).toBe("03020001");
    expect(hex(yes)).toBe("0101ff");
    expect(hex(explicit(3, sequence(utf8String("é"))))).toBe("a30630040c02c3a9");
    expect(hex(implicitSequence(0, utf8String("a"), yes))).toBe("a0060c01610101ff");
    expect(hex(implicit(2, Buffer.from("a")))).toBe("820161");
  });
});
