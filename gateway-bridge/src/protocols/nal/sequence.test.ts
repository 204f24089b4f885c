import { describe, expect, it } from "@jest/globals";

import { readSequence, reordersPictures } from "./sequence.ts";

/** Made by x264 and x265. */
const baseline = Buffer.from("6742c01ed900a03db011000003000100000300320f162e48", "hex");
const high = Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex");
const hevc = Buffer.from(
  "420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321",
  "hex",
);
const hevcWithB = Buffer.from(
  "42010101600000030090000003000003003fa005020171f2e595992930bc05a020000003002000000301e1",
  "hex",
);

describe("reordersPictures", () => {
  it.each([
    ["h264", baseline, false],
    ["h264", high, true],
    ["h265", hevc, false],
    ["h265", hevcWithB, true],
    ["h264", hevc, undefined],
    ["h265", baseline, undefined],
    ["h265", Buffer.alloc(0), undefined],
  ] as const)("%s %j: %s", (codec, sps, expected) => expect(reordersPictures(codec, sps)).toBe(expected));
});

it("reads both codecs' sets", () => {
  expect(readSequence("h264", baseline)).toMatchObject({ width: 640, height: 480 });
  expect(readSequence("h265", hevc)).toMatchObject({ width: 1_920, height: 1_080 });
});
