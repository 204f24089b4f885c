import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { BitWriter } from "../nal/testing/bit-writer.ts";
import { readSps } from "./sps.ts";

/** Made by x264 for the sizes named. */
const made: readonly (readonly [string, string, number, number, number, number])[] = [
  ["baseline", "6742c01ed900a03db011000003000100000300320f162e48", 66, 30, 640, 480],
  ["main", "674d401feca02802dd80880000030008000003019078c18cb0", 77, 31, 1_280, 720],
  ["main, interlaced", "674d4020eca02805df97011000000300100000030321f162d960", 77, 32, 1_280, 720],
  ["high, cropped", "67640028acd940780227e5c044000003000400000300c83c60c658", 100, 40, 1_920, 1_080],
  ["high, interlaced, cropped", "67640028acd94078044fde0220000003002000000643e2c5b2c0", 100, 40, 1_920, 1_080],
  ["high, odd size", "6764000dacd94150878888c044000003000400000300c83c50a658", 100, 13, 322, 242],
  ["4:2:2", "677a001ebcd940a02ff89c0440000003004000000c83c58b6580", 122, 30, 640, 360],
  ["4:2:2, interlaced", "677a001ebcd940a063f1b8088000000300800000190f8a14cb", 122, 30, 640, 360],
  ["4:4:4", "67f4001e919b281405ff1780880000030008000003019078b16cb0", 244, 30, 640, 358],
  ["4:4:4, interlaced", "67f4001e919b28140c7e3b011000000300100000030321f1429960", 244, 30, 640, 358],
  ["10 bits", "676e001ea6cd940a42fe225c0440000003004000000c83c58b6580", 110, 30, 642, 360],
  ["monochrome", "6764000df36505825b016c800000030080000019078a14cb", 100, 13, 352, 288],
];

const start = (profile: number): BitWriter => new BitWriter().u(0x67, 8).u(profile, 8).u(0xc0, 8).u(31, 8).ue(0);

/** From log2_max_frame_num on, progressive, uncropped. */
const finish = (bits: BitWriter, columns: number, rows: number): Buffer =>
  bits
    .ue(4)
    .u(0, 1)
    .ue(columns - 1)
    .ue(rows - 1)
    .u(1, 1)
    .u(1, 1)
    .u(0, 1)
    .u(0, 1)
    .toBuffer();

describe("readSps", () => {
  it.each(made)("reads %s", (_, hex, profile, level, width, height) => {
    expect(readSps(Buffer.from(hex, "hex"))).toMatchObject({ profile, level, width, height });
  });

  it("reads the constraint flags", () => {
    expect(readSps(Buffer.from(made[0]?.[1] ?? "", "hex"))?.constraints).toBe(0xc0);
  });

  it("tolerates bytes behind it", () => {
    const nal = Buffer.from(`${made[3]?.[1] ?? ""}00`, "hex");
    expect(readSps(nal)).toMatchObject({ width: 1_920, height: 1_080 });
    expect(readSps(Buffer.concat([nal, Buffer.from([0xff])]))).toMatchObject({ width: 1_920, height: 1_080 });
  });

  it("skips scaling lists", () => {
    const bits = start(100).ue(1).ue(0).ue(0).u(0, 1).u(1, 1);
    // Of eight lists: two absent, one that ends early, one in full length of 16, three absent, one of 64.
    bits.u(0, 2).u(1, 1).se(-8).u(1, 1);
    for (let index = 0; index < 16; index += 1) bits.se(index % 2 === 0 ? 3 : -2);
    bits.u(0, 3).u(1, 1);
    for (let index = 0; index < 64; index += 1) bits.se(1);
    expect(readSps(finish(bits.ue(0).ue(0).ue(0), 80, 45))).toMatchObject({ width: 1_280, height: 720 });
  });

  it("skips twelve scaling lists of 4:4:4, with separate planes", () => {
    const bits = start(244).ue(3).u(1, 1).ue(0).ue(0).u(0, 1).u(1, 1).u(0, 12).ue(0).ue(2);
    expect(readSps(finish(bits, 40, 30))).toMatchObject({ width: 640, height: 480 });
  });

  it("skips the second kind of picture order", () => {
    const bits = start(77).ue(0).ue(1).u(0, 1).se(-2).se(3).ue(3).se(1).se(2).se(-70_000);
    expect(readSps(finish(bits, 45, 36))).toMatchObject({ width: 720, height: 576 });
  });

  it("reads any size, whatever emulation prevention it needs", () => {
    const side = fc.integer({ min: 1, max: 1_024 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 0, max: 2 ** 20 }), (columns, rows, id) => {
        const bits = new BitWriter().u(0x67, 8).u(66, 8).u(0, 8).u(0, 8).ue(id).ue(0).ue(2);
        expect(readSps(finish(bits, columns, rows))).toMatchObject({ width: 16 * columns, height: 16 * rows });
      }),
    );
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["another NAL unit", Buffer.from("68ee3c80ff", "hex")],
    ["one that is cut off", Buffer.from(made[1]?.[1].slice(0, 16) ?? "", "hex")],
    ["one of four bytes behind emulation prevention", Buffer.from("6700000364", "hex")],
    ["more bytes than any has", Buffer.concat([Buffer.from(made[1]?.[1] ?? "", "hex"), Buffer.alloc(1_024, 1)])],
    ["a picture of impossible width", finish(start(66).ue(0).ue(2), 1_025, 2)],
    ["a picture of impossible height", finish(start(66).ue(0).ue(2), 2, 1_025)],
    [
      "a picture that is cropped to nothing",
      start(66).ue(0).ue(2).ue(4).u(0, 1).ue(0).ue(0).u(7, 3).ue(4).ue(4).ue(0).ue(0).u(0, 1).toBuffer(),
    ],
  ])("is undefined for %s", (_, nal) => {
    expect(readSps(nal)).toBeUndefined();
  });
});

describe("what is said of pictures' order and rate", () => {
  const usability = (bits: BitWriter): BitWriter =>
    bits.u(1, 1).u(1, 1).u(255, 8).u(16, 16).u(11, 16).u(1, 1).u(1, 1).u(1, 1).u(5, 3).u(0, 1).u(1, 1).u(0, 24);
  /** Everything that usability information can hold: the rate is 12.5, the buffering twice that of one schedule. */
  const full = (reorder: number): Buffer => {
    const bits = usability(start(77).ue(0).ue(0).ue(0).ue(4).u(0, 1).ue(3).ue(3).u(1, 1).u(1, 1).u(0, 1));
    bits.u(1, 1).ue(0).ue(0).u(1, 1).u(2, 32).u(50, 32).u(1, 1);
    for (let hrd = 0; hrd < 2; hrd += 1) bits.u(1, 1).ue(1).u(0, 8).ue(9).ue(9).u(0, 1).ue(8).ue(8).u(0, 1).u(0, 20);
    return bits.u(0, 1).u(0, 1).u(1, 1).u(1, 1).ue(0).ue(0).ue(9).ue(9).ue(reorder).ue(4).toBuffer();
  };

  it.each<[string, Buffer, number, number | undefined]>([
    ["x264's main profile with B-frames", Buffer.from(made[1]?.[1] ?? "", "hex"), 25, 2],
    [
      "x264's main profile without them",
      Buffer.from("674d4028d940780227e5c044000003000400000300c83c60c960", "hex"),
      25,
      0,
    ],
    ["x264's high profile with them", Buffer.from(made[3]?.[1] ?? "", "hex"), 25, 2],
    ["every field that there is", full(3), 12.5, 3],
    ["an impossible order", full(17), 12.5, undefined],
    ["baseline without usability information", finish(start(66).ue(0).ue(0).ue(0), 2, 2), 0, 0],
    ["main that counts pictures by their number", finish(start(77).ue(0).ue(2), 2, 2), 0, 0],
    ["main without usability information", finish(start(77).ue(0).ue(0).ue(0), 2, 2), 0, undefined],
    ["usability information that is cut off", full(3).subarray(0, 20), 0, undefined],
  ])("reads %s", (_, nal, fps, reorder) => {
    expect(readSps(nal)).toMatchObject({ fps });
    expect(readSps(nal)?.reorder).toBe(reorder);
  });

  it("does not believe a rate that cannot be", () => {
    const timing = (ticks: number, scale: number): Buffer =>
      start(77)
        .ue(0)
        .ue(2)
        .ue(4)
        .u(0, 1)
        .ue(3)
        .ue(3)
        .u(1, 1)
        .u(1, 1)
        .u(0, 1)
        .u(1, 1)
        .u(0, 4)
        .u(1, 1)
        .u(ticks, 32)
        .u(scale, 32)
        .u(0, 32)
        .toBuffer();
    expect([timing(1, 50), timing(0, 50), timing(1, 2 ** 31)].map((nal) => readSps(nal)?.fps)).toEqual([25, 0, 0]);
  });
});
