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
