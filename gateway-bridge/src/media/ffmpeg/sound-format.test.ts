import { describe, expect, it } from "@jest/globals";

import type { AudioTrack } from "../../domain/track.ts";
import { buildAudioSpecificConfig } from "../../protocols/aac/audio-specific-config.ts";
import { feedOf, takeOf } from "./sound-format.ts";

const track = (changes: Partial<AudioTrack>): AudioTrack => ({
  ...{ kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 },
  ...changes,
});
const aac = (objectType: number, unitSamples: number): AudioTrack =>
  track({
    codec: "aac",
    clockRate: 16_000,
    config: buildAudioSpecificConfig({ objectType, sampleRate: 16_000, channels: 1, unitSamples }),
  });

describe("feedOf", () => {
  it.each<[AudioTrack, Buffer, number]>([
    [track({}), Buffer.alloc(160), 20],
    [track({ codec: "pcma", clockRate: 16_000, channels: 2 }), Buffer.alloc(640), 20],
    [track({ codec: "l16", clockRate: 44_100, channels: 2 }), Buffer.alloc(17_640), 100],
    [aac(2, 1_024), Buffer.alloc(80), 64],
    [track({ codec: "opus", clockRate: 48_000 }), Buffer.from([31 << 3, 1, 2]), 20],
  ])("knows how long a unit of %j lasts", (from, data, duration) => {
    expect(feedOf(from).wrap({ data }).duration).toBeCloseTo(duration);
  });

  it.each([
    track({ clockRate: 0 }),
    track({ clockRate: 8_000.5 }),
    track({ clockRate: 1e9 }),
    track({ channels: 0 }),
    track({ channels: 99 }),
    track({ codec: "aac" }),
    track({ codec: "aac", config: Buffer.from("ffff", "hex") }),
    aac(2, 960),
    aac(23, 512),
  ])("refuses %j", (from) => {
    expect(() => feedOf(from)).toThrow(expect.objectContaining({ code: "codec-unsupported" }));
  });
});

describe("takeOf", () => {
  it.each([
    ["opus", 8_000, 48_000],
    ["aac", 8_000, 16_000],
    ["aac", 16_000, 16_000],
    ["aac", 44_100, 44_100],
    ["aac", 96_000, 48_000],
    ["pcma", 8_000, 8_000],
    ["l16", 16_000, 16_000],
  ] as const)("makes %s of sound at %d Hz at %d Hz", (target, clockRate, outcome) => {
    expect(takeOf(target, { clockRate, channels: 6 }).track).toMatchObject({ clockRate: outcome, channels: 2 });
  });
});
