import { describe, expect, it } from "@jest/globals";

import type { Mp4AudioTrack } from "./mp4-track.ts";
import { nalSample, parameterSetsIn } from "./nal-sample.ts";
import { silenceOf, soundDuration } from "./sound-sample.ts";
import { aacMono, hevcSets, mainSets } from "./testing/parameter-sets.ts";

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const slice = hex("65b8");

describe("nalSample", () => {
  it("puts each NAL unit's length before it and copies none", () => {
    const sei = hex("060501ff80");
    const parts = nalSample("h264", [sei, slice]);
    expect(Buffer.concat(parts)).toEqual(hex("00000005060501ff800000000265b8"));
    expect([parts[1], parts[3]]).toEqual([sei, slice]);
    expect(parts[3]).toBe(slice);
  });

  it("leaves out what is told elsewhere, delimiters, ends and filler, and what is empty", () => {
    const { sps, pps } = mainSets;
    const nals = [hex("09f0"), sps, pps, Buffer.alloc(0), slice, hex("0cff80"), hex("0a"), hex("0b")];
    expect(nalSample("h264", nals, mainSets)).toEqual([hex("00000002"), slice]);
    const { vps, ...others } = hevcSets;
    const picture = hex("2601af");
    const hevc = [hex("460150"), vps, others.sps, others.pps, picture, hex("4801"), hex("4a01"), hex("4c01ff80")];
    expect(nalSample("h265", hevc, hevcSets)).toEqual([hex("00000003"), picture]);
  });

  it("keeps a further parameter set, to which slices may refer", () => {
    const second = hex("68ce01");
    expect(nalSample("h264", [mainSets.sps, mainSets.pps, second, slice], mainSets)[1]).toBe(second);
  });

  it("finds the parameter sets of a picture, all or none", () => {
    expect(parameterSetsIn("h264", [mainSets.sps, mainSets.pps, slice])).toEqual(mainSets);
    expect(parameterSetsIn("h264", [mainSets.sps, slice])).toBeUndefined();
    expect(parameterSetsIn("h265", [hevcSets.vps, hevcSets.sps, hevcSets.pps])).toEqual(hevcSets);
    expect(parameterSetsIn("h265", [hevcSets.sps, hevcSets.pps])).toBeUndefined();
  });
});

const opus: Mp4AudioTrack = { kind: "audio", codec: "opus", timescale: 48_000, channels: 2 };
const aac: Mp4AudioTrack = { kind: "audio", codec: "aac", timescale: 16_000, channels: 1, config: aacMono };

describe("Sound in a file", () => {
  it.each([
    ["Opus of 20 ms", opus, "fcfffe", 960],
    ["three frames of Opus of 20 ms", opus, "ff03aabbcc", 2_880],
    ["Opus on a slower clock", { ...opus, timescale: 16_000 }, "fcfffe", 320],
    ["an access unit of AAC", aac, "01", 1_024],
    ["AAC whose clock counts what HE-AAC doubles", { ...aac, timescale: 32_000 }, "01", 2_048],
  ])("lasts as long as %s does", (_, track, data, duration) => {
    expect(soundDuration(track, hex(data))).toBe(duration);
  });

  it.each([
    ["nothing", opus, ""],
    ["malformed Opus", opus, "ff"],
    ["AAC of unknown form", { ...aac, config: hex("00") }, "01"],
  ])("is not taken for sound: %s", (_, track, data) => {
    expect(soundDuration(track, hex(data))).toBeUndefined();
  });

  it("is filled with silence where a frame of silence is known", () => {
    expect(silenceOf(opus)).toMatchObject({ duration: 960 });
    expect(silenceOf({ ...opus, channels: 1 })?.data).not.toEqual(silenceOf(opus)?.data);
    expect(silenceOf(aac)).toMatchObject({ duration: 1_024 });
    expect(silenceOf({ ...aac, channels: 6 })).toBeUndefined();
    // HE-AAC.
    expect(silenceOf({ ...aac, config: hex("2b0a08") })).toBeUndefined();
  });
});
