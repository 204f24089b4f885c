import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { BitWriter } from "../nal/testing/bit-writer.ts";
import { readH265Sps } from "./sps.ts";

/** Made by x265 for what is named. */
const made: readonly (readonly [string, string, object])[] = [
  [
    "main",
    "420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321",
    { profile: 1, level: 120, width: 1_920, height: 1_080, fps: 25, reorder: 0, chroma: 1, lumaDepth: 8, subLayers: 1 },
  ],
  [
    "B-frames",
    "42010101600000030090000003000003003fa005020171f2e595992930bc05a020000003002000000301e1",
    { profile: 1, level: 63, width: 640, height: 360, fps: 15, reorder: 2 },
  ],
  [
    "cropped, 29.97 a second",
    "42010101600000030090000003000003003ca00a880407111196e92930bc05a02000007d20000ea601",
    { width: 322, height: 242, fps: 30_000 / 1_001, reorder: 0 },
  ],
  [
    "10 bits, B-frames, temporal layers, scaling lists",
    "42010102200000030090000003000003003fa005020171f2b65959129385e02d010000030001000003001908",
    { profile: 2, width: 640, height: 360, fps: 25, lumaDepth: 10, chromaDepth: 10 },
  ],
  [
    "4:2:2 with everything about its colours",
    "4201010408000003009d0800000300003cb00b08048596e92930bc32dc0404069040000003004000000642",
    { profile: 4, width: 352, height: 288, fps: 25, chroma: 2 },
  ],
  [
    "4:4:4 with buffering",
    "4201010408000003009e0800000300003f9000a0402e3e2f2dd25261780b4040000003004000000658492597800c3500186a20",
    { profile: 4, width: 640, height: 358, fps: 25, chroma: 3 },
  ],
  [
    "2160p",
    "420101016000000300900000030000030096a001e020021c596e92930bc05a020000030002000003002810",
    { level: 150, width: 3_840, height: 2_160, fps: 20 },
  ],
];

interface Picture {
  readonly chroma?: number;
  readonly separate?: number;
  readonly width: number;
  readonly height: number;
  readonly crop?: readonly [number, number, number, number];
}

/** Up to sps_max_latency_increase. */
const start = (picture: Picture, subLayers = 1): BitWriter => {
  const { chroma = 1, separate = 0, width, height, crop } = picture;
  const bits = new BitWriter()
    .u(0x4201, 16)
    .u(0, 4)
    .u(subLayers - 1, 3)
    .u(1, 1);
  bits.u(1, 8).u(0x60, 8).u(0, 24).u(0xb0, 8).u(0, 24).u(0, 16).u(93, 8);
  // Of sub-layers: the first with a profile, the second with a level.
  if (subLayers > 1) {
    bits
      .u(2, 2)
      .u(subLayers > 2 ? 1 : 0, 2)
      .u(0, 12)
      .u(0, 32)
      .u(0, 32)
      .u(0, 24);
    if (subLayers > 2) bits.u(90, 8);
  }
  bits.ue(0).ue(chroma);
  if (chroma === 3) bits.u(separate, 1);
  bits
    .ue(width)
    .ue(height)
    .u(crop === undefined ? 0 : 1, 1);
  for (const side of crop ?? []) bits.ue(side);
  return bits.ue(0).ue(0).ue(4);
};

/** From the ordering up to the reference sets: one of each coding tool that is there. */
const tools = (bits: BitWriter, reorder = 0): BitWriter => {
  bits.u(0, 1).ue(2).ue(reorder).ue(0);
  for (let index = 0; index < 6; index += 1) bits.ue(1);
  return bits;
};

/** temporal mvp, intra smoothing, and usability information of 12 pictures a second. */
const usability = (bits: BitWriter): Buffer =>
  bits.u(0, 2).u(1, 1).u(0, 4).u(0, 3).u(1, 1).ue(1).ue(0).ue(2).ue(0).u(1, 1).u(1, 32).u(12, 32).toBuffer();

const plain = (bits: BitWriter): BitWriter => tools(bits).u(0, 1).u(0, 2).u(0, 1);

describe("readH265Sps", () => {
  it.each(made)("reads %s", (_, hex, expected) => {
    expect(readH265Sps(Buffer.from(hex, "hex"))).toMatchObject(expected);
  });

  it("keeps the profile as a file's decoder record wants it", () => {
    expect(readH265Sps(Buffer.from(made[0]?.[1] ?? "", "hex"))?.general).toEqual({
      space: 0,
      tier: 0,
      profile: 1,
      compatibility: 0x60_00_00_00,
      constraints: Buffer.from("900000000000", "hex"),
      level: 120,
    });
  });

  it("tolerates bytes behind it", () => {
    const nal = Buffer.from(`${made[0]?.[1] ?? ""}00ff`, "hex");
    expect(readH265Sps(nal)).toMatchObject({ width: 1_920, height: 1_080, fps: 25 });
  });

  it.each([2, 3])("skips the profiles of %i sub-layers, and takes the ordering of the highest", (subLayers) => {
    const bits = start({ width: 640, height: 480 }, subLayers).u(1, 1);
    for (let layer = 0; layer < subLayers; layer += 1) bits.ue(4).ue(layer).ue(0);
    expect(readH265Sps(bits.u(0, 32).toBuffer())).toMatchObject({ subLayers, width: 640, reorder: subLayers - 1 });
  });

  it.each<[string, Picture, number, number]>([
    ["4:2:0", { width: 1_920, height: 1_088, crop: [0, 0, 0, 4] }, 1_920, 1_080],
    ["4:2:2", { chroma: 2, width: 100, height: 100, crop: [1, 2, 3, 4] }, 94, 93],
    ["4:4:4", { chroma: 3, width: 100, height: 100, crop: [1, 2, 3, 4] }, 97, 93],
    ["separate planes", { chroma: 3, separate: 1, width: 100, height: 100, crop: [1, 2, 3, 4] }, 97, 93],
    ["monochrome", { chroma: 0, width: 100, height: 100, crop: [1, 2, 3, 4] }, 97, 93],
  ])("crops %s in its units", (_, picture, width, height) => {
    expect(readH265Sps(plain(start(picture)).ue(0).u(0, 8).toBuffer())).toMatchObject({ width, height });
  });

  it("finds the rate behind scaling lists and PCM", () => {
    const bits = tools(start({ width: 64, height: 64 })).u(3, 2);
    // Of every size: predicted ones, and the last one written out.
    for (let size = 0; size < 4; size += 1) {
      const matrices = size === 3 ? 2 : 6;
      for (let matrix = 0; matrix < matrices - 1; matrix += 1) bits.u(0, 1).ue(1);
      bits.u(1, 1);
      if (size > 1) bits.se(8);
      for (let index = 0; index < Math.min(64, 16 << (2 * size)); index += 1) bits.se(index % 2);
    }
    bits.u(0, 2).u(1, 1).u(0x77, 8).ue(0).ue(1).u(0, 1);
    expect(readH265Sps(usability(bits.ue(0).u(0, 1)))?.fps).toBe(12);
  });

  it("finds the rate behind reference sets, those predicted from others too, and long-term pictures", () => {
    const bits = plain(start({ width: 64, height: 64 })).ue(4);
    // -1, -3, +2.
    bits.ue(2).ue(1).ue(0).u(1, 1).ue(1).u(1, 1).ue(1).u(1, 1);
    // One earlier: the picture itself at -1, then -2, -4, +1, of which -4 is left out: three remain.
    bits.u(1, 1).u(1, 1).ue(0).u(1, 1).u(0, 2).u(1, 2).u(1, 1);
    // One later: -1, 0, +2 and +1, where 0 is the picture itself and cannot refer to itself.
    bits.u(1, 1).u(0, 1).ue(0).u(1, 1).u(1, 1).u(1, 1).u(1, 1);
    // So this one has three to predict from, and the picture that they are of.
    bits.u(1, 1).u(0, 1).ue(0).u(0xf, 4);
    bits.u(1, 1).ue(2).u(0, 18);
    expect(readH265Sps(usability(bits))?.fps).toBe(12);
  });

  it("reads any size, whatever emulation prevention it needs", () => {
    const side = fc.integer({ min: 1, max: 16_384 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 0, max: 16 }), (width, height, reorder) => {
        const bits = tools(start({ width, height }), reorder).u(0, 1).u(0, 2).u(0, 1).ue(0).u(0, 1);
        expect(readH265Sps(usability(bits))).toMatchObject({ width, height, reorder, fps: 12 });
      }),
    );
  });

  it.each([
    [
      "more reference sets than there can be",
      plain(start({ width: 64, height: 64 }))
        .ue(65)
        .u(0, 32)
        .toBuffer(),
    ],
    [
      "a reference set of too many",
      plain(start({ width: 64, height: 64 }))
        .ue(1)
        .ue(17)
        .ue(0)
        .u(0, 32)
        .toBuffer(),
    ],
    [
      "too many long-term pictures",
      plain(start({ width: 64, height: 64 }))
        .ue(0)
        .u(1, 1)
        .ue(33)
        .u(0, 32)
        .toBuffer(),
    ],
    [
      "no usability information",
      plain(start({ width: 64, height: 64 }))
        .ue(0)
        .u(0, 8)
        .toBuffer(),
    ],
    [
      "an end before its usability information",
      plain(start({ width: 64, height: 64 }))
        .ue(0)
        .toBuffer(),
    ],
  ])("knows the size, but no rate, of a set with %s", (_, nal) => {
    expect(readH265Sps(nal)).toMatchObject({ width: 64, height: 64, fps: 0 });
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["another NAL unit", Buffer.from("4401c073c189", "hex")],
    ["one that is cut off", Buffer.from(made[0]?.[1].slice(0, 44) ?? "", "hex")],
    ["more bytes than any has", Buffer.concat([Buffer.from(made[0]?.[1] ?? "", "hex"), Buffer.alloc(1_024, 1)])],
    ["a picture of impossible width", plain(start({ width: 16_385, height: 64 })).toBuffer()],
    ["a picture of impossible height", plain(start({ width: 64, height: 16_385 })).toBuffer()],
    ["no such chroma", plain(start({ chroma: 4, width: 64, height: 64 })).toBuffer()],
    ["a picture that is cropped to nothing", plain(start({ width: 64, height: 64, crop: [16, 16, 0, 0] })).toBuffer()],
    [
      "more reordering than can be",
      tools(start({ width: 64, height: 64 }), 17)
        .u(0, 32)
        .toBuffer(),
    ],
  ])("is undefined for %s", (_, nal) => {
    expect(readH265Sps(nal)).toBeUndefined();
  });
});
