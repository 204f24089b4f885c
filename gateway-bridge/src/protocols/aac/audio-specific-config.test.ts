import { describe, expect, it } from "@jest/globals";

import { buildAudioSpecificConfig, parseAudioSpecificConfig, sampleRates } from "./audio-specific-config.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const lc = { objectType: 2, sampleRate: 48_000, channels: 2, unitSamples: 1_024 };

describe("parseAudioSpecificConfig", () => {
  it.each([
    ["48 kHz stereo", "1190", lc],
    ["16 kHz mono", "1408", { ...lc, sampleRate: 16_000, channels: 1 }],
    ["7.1 channels", "11b8", { ...lc, channels: 8 }],
    ["frames of 960", "1194", { ...lc, unitSamples: 960 }],
    ["what it is told besides", "119056e500", lc],
    ["a rate of its own: 10,000", "1780138808", { ...lc, sampleRate: 10_000, channels: 1 }],
    ["HE-AAC that says so", "2b118800", { ...lc, sampleRate: 24_000 }],
    ["parametric stereo that says so", "eb098800", { ...lc, sampleRate: 24_000, channels: 1 }],
    ["a core coder's delay", "11920000", lc],
    ["low delay", "b98900", { objectType: 23, sampleRate: 48_000, channels: 1, unitSamples: 512 }],
  ])("reads %s", (_, hex, expected) => {
    expect(parseAudioSpecificConfig(bytes(hex))).toEqual(expected);
  });

  it.each([
    ["nothing", ""],
    ["one byte", "11"],
    ["a core coder's delay that is cut off", "119200"],
    ["a reserved rate", "1690"],
    ["no layout of channels", "1180"],
    ["a reserved layout of channels", "11d0"],
    ["another kind of coder", "f94690"],
    ["a rate of its own that cannot be", "17ffffff88"],
    ["a rate of its own of nothing", "1780000008"],
    ["more bytes than any has", `1190${"00".repeat(64)}`],
  ])("is undefined for %s", (_, hex) => {
    expect(parseAudioSpecificConfig(bytes(hex))).toBeUndefined();
  });
});

describe("buildAudioSpecificConfig", () => {
  it("makes what is read the same again, for every rate and layout", () => {
    for (const sampleRate of [...sampleRates, 10_000, 37_800, 95_999]) {
      for (const channels of [1, 2, 3, 4, 5, 6, 8]) {
        for (const unitSamples of [960, 1_024]) {
          const config = { objectType: 2, sampleRate, channels, unitSamples };
          expect(parseAudioSpecificConfig(buildAudioSpecificConfig(config))).toEqual(config);
        }
      }
    }
    expect(buildAudioSpecificConfig(lc)).toEqual(bytes("1190"));
  });

  it.each([0, 7, 9])("refuses %i channels", (channels) => {
    expect(() => buildAudioSpecificConfig({ ...lc, channels })).toThrow(RangeError);
  });
});
