import { describe, expect, it } from "@jest/globals";

import { fragment } from "../../gateway-bridge/src/protocols/fmp4/fragment.ts";
import { initSegment } from "../../gateway-bridge/src/protocols/fmp4/init-segment.ts";
import { nalSample, parameterSetsIn } from "../../gateway-bridge/src/protocols/fmp4/nal-sample.ts";
import { silenceOf, soundDuration } from "../../gateway-bridge/src/protocols/fmp4/sound-sample.ts";
import {
  aacMono,
  hevcSets,
  highSets,
  mainSets,
} from "../../gateway-bridge/src/protocols/fmp4/testing/parameter-sets.ts";
import { readBoxes, type ReadBox } from "../../gateway-bridge/src/protocols/fmp4/testing/read-boxes.ts";
import { splitAnnexB } from "../../gateway-bridge/src/protocols/nal/annex-b.ts";
import { fuzz } from "../support/fuzz.ts";

const annexB = (...nals: readonly (Buffer | undefined)[]): Buffer =>
  Buffer.concat(nals.flatMap((nal) => (nal === undefined ? [] : [Buffer.from([0, 0, 0, 1]), nal])));

const h264 = [mainSets, highSets].map(({ sps, pps }) => annexB(sps, pps, Buffer.from("65b80001", "hex")));
const h265 = [annexB(hevcSets.vps, hevcSets.sps, hevcSets.pps, Buffer.from("2601af0012", "hex"))];
/** Start codes, emulation prevention, headers of sets and slices, and extreme Exp-Golomb numbers. */
const dictionary = [
  "\0\0\0\x01",
  "\0\0\x03",
  "\x67",
  "\x68",
  "\x65",
  "\x40\x01",
  "\x42\x01",
  "\x44\x01",
  "\xff\xff",
  "\0\0\0\0",
];

const count = (boxes: readonly ReadBox[]): number => boxes.reduce((sum, { children }) => sum + 1 + count(children), 0);

describe("What a hostile camera sends becomes a file that adds up, or none", () => {
  it.each([
    ["h264", h264],
    ["h265", h265],
  ] as const)("parameter sets and pictures of %s", (codec, corpus) => {
    let described = 0;
    fuzz(
      (input) => {
        const nals = splitAnnexB(input);
        const parameterSets = parameterSetsIn(codec, nals);
        const parts = nalSample(codec, nals, parameterSets);
        const samples = [{ duration: 3_600, offset: 0, key: true, parts }];
        const bytes = Buffer.concat(fragment(1, [{ track: "video", decodeTime: 0, samples }]));
        expect(count(readBoxes(bytes))).toBe(7);
        if (parameterSets === undefined) return;
        const init = initSegment([{ kind: "video", codec, timescale: 90_000, parameterSets }]);
        if (init === undefined) return;
        described += 1;
        expect(count(readBoxes(init.bytes))).toBe(20);
        expect(init.mime).toMatch(
          /^video\/mp4; codecs="(avc1\.[0-9a-f]{6}|hvc1\.[ABC]?\d+\.[0-9A-F]+\.[LH]\d+(\.[0-9A-F]{1,2}){0,6})"$/,
        );
        expect(init.picture.width * init.picture.height).toBeGreaterThan(0);
      },
      { corpus, dictionary, inputs: 20_000 },
    );
    // Most mutations break a set; enough leave one that is read.
    expect(described).toBeGreaterThan(2_000);
  });

  it("configurations of AAC", () => {
    fuzz(
      (config) => {
        const track = { kind: "audio", codec: "aac", timescale: 16_000, channels: 1, config } as const;
        const video = { kind: "video", codec: "h264", timescale: 90_000, parameterSets: mainSets } as const;
        expect(readBoxes(initSegment([video, track])!.bytes)).toHaveLength(2);
        silenceOf(track);
        soundDuration(track, Buffer.from([1]));
      },
      { corpus: [aacMono, Buffer.from("2b0a08", "hex"), Buffer.from("f8f05000", "hex")], inputs: 20_000 },
    );
  });

  it("packets of Opus", () => {
    const track = { kind: "audio", codec: "opus", timescale: 48_000, channels: 2 } as const;
    const corpus = ["fcfffe", "ff03aabbcc", "fe0201aabb", "0c8341020304"].map((hex) => Buffer.from(hex, "hex"));
    fuzz(
      (data) => {
        const duration = soundDuration(track, data);
        if (duration === undefined) return;
        expect(duration).toBeGreaterThan(0);
        expect(duration).toBeLessThanOrEqual(5_760);
      },
      { corpus, inputs: 20_000 },
    );
  });
});
