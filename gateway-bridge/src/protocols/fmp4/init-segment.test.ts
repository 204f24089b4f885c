import { describe, expect, it } from "@jest/globals";

import { initSegment } from "./init-segment.ts";
import type { Mp4AudioTrack, Mp4VideoTrack } from "./mp4-track.ts";
import { aacMono, highSets, hevcSets, mainSets } from "./testing/parameter-sets.ts";
import { findBox, readBoxes } from "./testing/read-boxes.ts";

const video = (codec: Mp4VideoTrack["codec"], parameterSets: Mp4VideoTrack["parameterSets"]): Mp4VideoTrack => ({
  kind: "video",
  codec,
  timescale: 90_000,
  parameterSets,
});
const opus: Mp4AudioTrack = { kind: "audio", codec: "opus", timescale: 48_000, channels: 2 };
const aac: Mp4AudioTrack = { kind: "audio", codec: "aac", timescale: 16_000, channels: 1, config: aacMono };

describe("initSegment", () => {
  it("tells a player how to decode: codec strings of RFC 6381, and the picture's size", () => {
    expect(initSegment([video("h264", mainSets), aac])).toMatchObject({
      mime: 'video/mp4; codecs="avc1.4d4028,mp4a.40.2"',
      picture: { width: 1920, height: 1080, fps: 25 },
    });
    expect(initSegment([video("h264", highSets), opus])?.mime).toBe('video/mp4; codecs="avc1.640028,opus"');
    expect(initSegment([video("h265", hevcSets)])).toMatchObject({
      mime: 'video/mp4; codecs="hvc1.1.6.L120.90"',
      picture: { width: 1920, height: 1080, fps: 25 },
    });
  });

  it("has one track for each kind, which the fragments refer to", () => {
    const { bytes } = initSegment([video("h264", mainSets), aac])!;
    const [ftyp, moov] = readBoxes(bytes);
    expect(ftyp?.content.toString("latin1", 0, 4)).toBe("iso6");
    expect(moov?.children.map(({ type }) => type)).toEqual(["mvhd", "trak", "trak", "mvex"]);
    const traks = moov!.children.filter(({ type }) => type === "trak");
    expect(traks.map(({ children }) => children[0]!.content.readUInt32BE(12))).toEqual([1, 2]);
    const timescales = traks.map(({ children }) => children[1]!.children[0]!.content.readUInt32BE(12));
    expect(timescales).toEqual([90_000, 16_000]);
    const extended = moov!.children[3]!.children.map(({ type, content }) => [type, content.readUInt32BE(4)]);
    expect(extended).toEqual([
      ["trex", 1],
      ["trex", 2],
    ]);
  });

  it("lasts for nobody knows how long, which a browser takes for live", () => {
    const { bytes } = initSegment([video("h264", mainSets)])!;
    expect(findBox(bytes, "moov", "mvhd").content.readUInt32BE(16)).toBe(0);
  });

  it("repeats chroma format and depths of H.264's high profiles", () => {
    const stsd = findBox(initSegment([video("h264", highSets)])!.bytes, "moov", "trak", "mdia", "minf", "stbl", "stsd");
    // 4:2:0, 8 bits each, no extensions.
    expect(stsd.content.subarray(-4)).toEqual(Buffer.from("fdf8f800", "hex"));
  });

  it("writes the configuration of AAC and Opus as their standards have it", () => {
    const sound = (track: Mp4AudioTrack): Buffer => {
      const { bytes } = initSegment([video("h264", mainSets), track])!;
      const moov = readBoxes(bytes)[1]!;
      const stbl = moov.children[2]!.children[1]!.children[2]!.children[2]!;
      return stbl.children[0]!.content.subarray(8);
    };
    expect(sound(aac).subarray(36)).toEqual(
      Buffer.from(
        "0000002765736473" + "00000000" + "0319000000" + "04114015000000000000000000000005021408" + "060102",
        "hex",
      ),
    );
    expect(sound(opus).subarray(36)).toEqual(Buffer.from("00000013644f7073" + "0002000000" + "00bb80000000", "hex"));
  });

  it("is not made of parameter sets that cannot be read, nor of sound alone", () => {
    const broken = { ...mainSets, sps: Buffer.from("6742", "hex") };
    expect(initSegment([video("h264", broken)])).toBeUndefined();
    expect(initSegment([video("h265", mainSets)])).toBeUndefined();
    expect(initSegment([video("h264", { ...mainSets, pps: Buffer.alloc(0) })])).toBeUndefined();
    expect(initSegment([video("h264", { ...mainSets, pps: Buffer.alloc(70_000, 1) })])).toBeUndefined();
    expect(initSegment([opus])).toBeUndefined();
  });

  it.each([
    ["AAC without its configuration", { ...aac, config: undefined }],
    ["AAC with an invalid one", { ...aac, config: Buffer.from("00", "hex") }],
    ["AAC with an endless one", { ...aac, config: Buffer.concat([aacMono, Buffer.alloc(200)]) }],
    ["Opus of six channels", { ...opus, channels: 6 }],
  ])("leaves out %s, and keeps the picture", (_, track) => {
    const mime = initSegment([video("h264", mainSets), track])?.mime;
    expect(mime).toBe('video/mp4; codecs="avc1.4d4028"');
  });
});
