import { describe, expect, it } from "@jest/globals";

import { convertG711 } from "./g711.ts";
import { decodeG711, encodeG711 } from "./testing/linear.ts";

const codes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));

describe("G.711", () => {
  // The values of ITU-T G.711 tables 1 and 2, in 16 bits: silence, the smallest steps, and the loudest of either sign.
  it.each([
    ["pcmu", [0xff, 0xfe, 0x7e, 0x80, 0x00], [0, 8, -8, 32_124, -32_124]],
    ["pcma", [0xd5, 0x55, 0xd4, 0xaa, 0x2a], [8, -8, 24, 32_256, -32_256]],
  ] as const)("stands for the samples of the %s table", (codec, code, samples) => {
    expect([...decodeG711(codec, Buffer.from(code))]).toEqual([...samples]);
  });

  it.each(["pcmu", "pcma"] as const)("makes every code of %s again from its sample", (codec) => {
    const again = encodeG711(codec, decodeG711(codec, codes));
    // Mu-law has two codes for silence.
    expect(again).toEqual(codec === "pcmu" ? Buffer.from(codes.map((code) => (code === 0x7f ? 0xff : code))) : codes);
  });

  it.each(["pcmu", "pcma"] as const)("gives %s the code nearest to every sample", (codec) => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    const heard = decodeG711(codec, encodeG711(codec, samples));
    const levels = [...new Set(decodeG711(codec, codes))].sort((a, b) => a - b);
    const widest = (level: number): number => {
      const at = levels.indexOf(level);
      return Math.max(level - (levels[at - 1] ?? -32_768), (levels[at + 1] ?? 32_767) - level);
    };
    const wrong = [...samples].filter((sample, index) => Math.abs(sample - heard[index]!) > widest(heard[index]!));
    expect(wrong).toEqual([]);
    // Louder samples never sound quieter.
    expect(heard.every((level, index) => index === 0 || level >= heard[index - 1]!)).toBe(true);
  });

  it.each(["pcmu", "pcma"] as const)("turns the other law into %s as over its samples", (to) => {
    const from = to === "pcmu" ? "pcma" : "pcmu";
    expect(convertG711(to, codes)).toEqual(encodeG711(to, decodeG711(from, codes)));
  });
});
