import { describe, expect, it } from "@jest/globals";

import { decodeTlv, encodeTlv, f32, tlvRequired, tlvValue, u16, u32, u8 } from "./tlv8.ts";

describe("TLV8", () => {
  it("writes type, length and little-endian values", () => {
    expect(encodeTlv([[1, u8(7)], [2, u16(0x0102)], [3, u32(0x01020304)]]).toString("hex")).toBe("010107" + "02020201" + "030404030201"); // prettier-ignore
    expect(f32(0.5).toString("hex")).toBe("0000003f");
  });

  it.each([0, 1, 254, 255, 256, 509, 510, 511, 1000])("returns a value of %d bytes as it was", (length) => {
    const value = Buffer.alloc(length, 0xa5);
    const items = decodeTlv(encodeTlv([[9, value], [1, u8(1)]])); // prettier-ignore
    expect(tlvValue(items, 9)?.equals(value)).toBe(true);
    expect(tlvValue(items, 1)).toEqual(u8(1));
  });

  it("keeps values of one type apart when another stands between them", () => {
    const list = decodeTlv(Buffer.from("0101aa0000" + "0101bb", "hex"));
    expect(list.map(([type, value]) => [type, value.toString("hex")])).toEqual([[1, "aa"], [0, ""], [1, "bb"]]); // prettier-ignore
  });

  it("throws on what is cut off or missing", () => {
    expect(() => decodeTlv(Buffer.from("01", "hex"))).toThrow("half a header");
    expect(() => decodeTlv(Buffer.from("0105aa", "hex"))).toThrow("longer than the data");
    expect(() => tlvRequired([], 3)).toThrow("no value of type 3");
  });
});
