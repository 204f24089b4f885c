import { describe, expect, it } from "@jest/globals";

import { deriveSrtcpKeys, deriveSrtpKeys, drawSrtpMaster } from "./srtp-key.ts";

// RFC 3711 appendix B.3
const master = {
  key: Buffer.from("E1F97A0D3E018BE0D64FA32C06DE4139", "hex"),
  salt: Buffer.from("0EC675AD498AFEEBB6960B3AABE6", "hex"),
};

describe("deriveSrtpKeys", () => {
  it("gives the keys of RFC 3711 B.3", () => {
    const keys = deriveSrtpKeys(master);
    expect(keys.key.toString("hex")).toBe("c61e7a93744f39ee10734afe3ff7a087");
    expect(keys.salt.toString("hex")).toBe("30cbbc08863d8c85d49db34a9ae1");
    expect(keys.authentication.toString("hex")).toBe("cebe321f6ff7716b6fd4ab49af256a156d38baa4");
  });

  it("gives other keys to control packets", () => {
    const media = deriveSrtpKeys(master);
    const control = deriveSrtcpKeys(master);
    expect(new Set([media, control].flatMap(({ key, salt }) => [key.toString("hex"), salt.toString("hex")])).size).toBe(
      4,
    );
  });

  it.each([
    ["key", { ...master, key: Buffer.alloc(15) }],
    ["salt", { ...master, salt: Buffer.alloc(12) }],
  ])("refuses a %s of the wrong size", (_, wrong) => {
    expect(() => deriveSrtpKeys(wrong)).toThrow(expect.objectContaining({ code: "request-invalid" }));
  });
});

describe("drawSrtpMaster", () => {
  it("draws another one every time, of the right size", () => {
    const [one, other] = [drawSrtpMaster(), drawSrtpMaster()];
    expect([one.key.length, one.salt.length]).toEqual([16, 14]);
    expect(one.key.equals(other.key)).toBe(false);
    expect(one.salt.equals(other.salt)).toBe(false);
  });
});
