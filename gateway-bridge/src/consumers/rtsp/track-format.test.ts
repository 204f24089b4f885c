import { describe, expect, it } from "@jest/globals";

import type { AudioTrack, VideoTrack } from "../../domain/track.ts";
import { makeSound, opusTrack, parameterSets, videoTrack } from "../../media/testing/units.ts";
import { formatsOf, isSameFormat, soundPayloads } from "./track-format.ts";

const audio = (over: Partial<AudioTrack>): AudioTrack => ({
  kind: "audio",
  codec: "pcmu",
  clockRate: 8_000,
  channels: 1,
  ...over,
});
const config = Buffer.from("1408", "hex");
const sectionOf = (track: AudioTrack) => formatsOf({ video: videoTrack, audio: track })[1]?.section;

describe("formatsOf", () => {
  it("tells what decoding H.264 begins with", () => {
    const [format] = formatsOf({ video: videoTrack, audio: undefined });
    expect(format?.section).toEqual({
      kind: "video",
      payloadType: 96,
      encoding: "H264/90000",
      parameters: `packetization-mode=1;profile-level-id=42C01F;sprop-parameter-sets=${parameterSets.sps.toString("base64")},${parameterSets.pps.toString("base64")}`,
      control: "trackID=0",
      direction: "recvonly",
    });
  });

  it("tells what decoding H.265 begins with", () => {
    const sets = { vps: Buffer.from([0x40, 1]), sps: Buffer.from([0x42, 1]), pps: Buffer.from([0x44, 1]) };
    const video: VideoTrack = { ...videoTrack, codec: "h265", parameterSets: sets };
    expect(formatsOf({ video, audio: undefined })[0]?.section).toMatchObject({
      encoding: "H265/90000",
      parameters: "sprop-vps=QAE=;sprop-sps=QgE=;sprop-pps=RAE=",
    });
  });

  it("does without what is not known yet", () => {
    const known = (codec: VideoTrack["codec"]) =>
      formatsOf({ video: { ...videoTrack, codec, parameterSets: undefined }, audio: undefined })[0]?.section.parameters;
    expect(known("h264")).toBe("packetization-mode=1");
    expect(known("h265")).toBe("");
  });

  it.each([
    [audio({}), { payloadType: 0, encoding: "PCMU/8000", parameters: "" }],
    [audio({ codec: "pcma" }), { payloadType: 8, encoding: "PCMA/8000", parameters: "" }],
    [audio({ clockRate: 16_000 }), { payloadType: 97, encoding: "PCMU/16000", parameters: "" }],
    [audio({ channels: 2 }), { payloadType: 97, encoding: "PCMU/8000/2", parameters: "" }],
    [audio({ codec: "l16", clockRate: 48_000 }), { payloadType: 97, encoding: "L16/48000/1", parameters: "" }],
    [opusTrack, { payloadType: 97, encoding: "opus/48000/2", parameters: "sprop-stereo=1" }],
    [
      { ...opusTrack, channels: 1 },
      { payloadType: 97, encoding: "opus/48000/2", parameters: "" },
    ],
    [
      audio({ codec: "aac", clockRate: 16_000, config }),
      { payloadType: 97, encoding: "mpeg4-generic/16000/1", parameters: expect.stringContaining("config=1408") },
    ],
  ])("tells of sound %#", (track, section) => {
    expect(sectionOf(track)).toEqual({ kind: "audio", control: "trackID=1", direction: "recvonly", ...section });
  });
});

describe("soundPayloads", () => {
  it.each([
    { track: audio({ codec: "aac", config }), bytes: 300, sizes: [304] },
    { track: opusTrack, bytes: 300, sizes: [300] },
    { track: audio({}), bytes: 1_600, sizes: [1_400, 200] },
    { track: audio({ codec: "l16", channels: 2 }), bytes: 1_600, sizes: [1_400, 200] },
  ])("sends $track.codec", ({ track, bytes, sizes }) => {
    const payloads = soundPayloads(makeSound({ data: Buffer.alloc(bytes, 0xf8) }), track, 1_400);
    expect(payloads.map(({ payload: { prefix, body } }) => prefix.length + body.length)).toEqual(sizes);
  });
});

describe("isSameFormat", () => {
  it.each([
    [videoTrack, { ...videoTrack, parameterSets: undefined }, true],
    [videoTrack, { ...videoTrack, codec: "h265" as const }, false],
    [audio({}), audio({}), true],
    [audio({}), audio({ clockRate: 16_000 }), false],
    [audio({}), audio({ channels: 2 }), false],
    [audio({}), audio({ codec: "pcma" }), false],
    [audio({ codec: "aac", config }), audio({ codec: "aac", config: Buffer.from(config) }), true],
    [audio({ codec: "aac", config }), audio({ codec: "aac", config: Buffer.from("1210", "hex") }), false],
  ])("%#", (a, b, same) => {
    expect(isSameFormat(a, b)).toBe(same);
  });
});
