import { describe, expect, it } from "@jest/globals";

import { readParameterSets } from "./parameter-sets.ts";

const read = (sprop: string | undefined): unknown =>
  readParameterSets({
    payloadType: 96,
    encoding: "H264",
    clockRate: 90_000,
    channels: 1,
    parameters: new Map(sprop === undefined ? [] : [["sprop-parameter-sets", sprop]]),
  });

const sps = Buffer.from([0x67, 0x42, 0x00, 0x29, 0x9a]);
const pps = Buffer.from([0x68, 0xce, 0x3c, 0x80]);
const [spsText, ppsText] = [sps, pps].map((nal) => nal.toString("base64"));

describe("readParameterSets", () => {
  it.each([
    `${spsText},${ppsText}`,
    `${ppsText},${spsText}`,
    `BgE=,${spsText},${ppsText},${spsText}`,
    `${Buffer.concat([Buffer.from([0, 0, 0, 1]), sps]).toString("base64")},${ppsText}`,
    Buffer.concat([Buffer.from([0, 0, 0, 1]), sps, Buffer.from([0, 0, 0, 1]), pps]).toString("base64"),
  ])("finds both in %s", (sprop) => {
    expect(read(sprop)).toEqual({ sps, pps });
  });

  it.each([undefined, "", ",", spsText, ppsText, `${spsText},`, `Zw==,${ppsText}`, "%%%,%%%"])(
    "gives nothing for %j",
    (sprop) => {
      expect(read(sprop)).toBeUndefined();
    },
  );
});

describe("readParameterSets of H.265", () => {
  const [vps, h265Sps, h265Pps] = ["40010c01ffff", "420101016000", "4401c073c189"].map((hex) =>
    Buffer.from(hex, "hex"),
  );
  const text = (...nals: readonly (Buffer | undefined)[]): string =>
    nals.map((nal) => nal?.toString("base64")).join(",");
  const readSets = (parameters: Readonly<Record<string, string>>): unknown =>
    readParameterSets({
      payloadType: 96,
      encoding: "H265",
      clockRate: 90_000,
      channels: 1,
      parameters: new Map(Object.entries(parameters)),
    });

  it.each([
    [{ "sprop-vps": text(vps), "sprop-sps": text(h265Sps), "sprop-pps": text(h265Pps) }],
    [{ "sprop-vps": text(vps, vps), "sprop-sps": text(h265Sps, Buffer.alloc(3)), "sprop-pps": text(h265Pps) }],
    // Under one another's names.
    [{ "sprop-vps": text(h265Pps), "sprop-sps": text(h265Sps), "sprop-pps": text(vps) }],
  ])("finds all three in %j", (parameters) => {
    expect(readSets(parameters)).toEqual({ vps, sps: h265Sps, pps: h265Pps });
  });

  it.each([
    [{}],
    [{ "sprop-sps": text(h265Sps), "sprop-pps": text(h265Pps) }],
    [{ "sprop-vps": text(vps), "sprop-sps": text(h265Sps), "sprop-pps": "RAE=" }],
    [{ "sprop-parameter-sets": text(vps, h265Sps, h265Pps) }],
  ])("gives nothing for %j", (parameters) => {
    expect(readSets(parameters)).toBeUndefined();
  });
});
