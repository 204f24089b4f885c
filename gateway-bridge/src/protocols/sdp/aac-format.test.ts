import { describe, expect, it } from "@jest/globals";

import { readAacFormat, type AacFormat } from "./aac-format.ts";
import { parseSdp } from "./parse-sdp.ts";

const read = (rtpmap: string, fmtp: string): AacFormat | undefined => {
  const lines = ["v=0", "m=audio 0 RTP/AVP 97", `a=rtpmap:97 ${rtpmap}`, `a=fmtp:97 ${fmtp}`];
  const [format] = parseSdp(Buffer.from(lines.join("\n"))).media[0]?.formats ?? [];
  return format && readAacFormat(format);
};

const unpack = (format: AacFormat | undefined, hex: string): readonly string[] | undefined =>
  format
    ?.createUnpacker()
    .unpack({ payload: Buffer.from(hex, "hex"), marker: true, timestamp: 0, gap: false })
    .map(({ offset, data }) => `${offset} ${data.toString("hex")}`);

const hbr =
  "streamtype=5; profile-level-id=1; mode=AAC-hbr; config=1408; sizelength=13; indexlength=3; indexdeltalength=3";

describe("readAacFormat", () => {
  it.each<[string, string, string, string, readonly string[]]>([
    ["the usual mode", "mpeg4-generic/16000/1", hbr, "0010001801020304".slice(0, 14), ["0 010203"]],
    [
      "the usual mode, by its name alone",
      "MPEG4-GENERIC/16000",
      "mode=AAC-hbr;config=1408",
      "00100018010203",
      ["0 010203"],
    ],
    ["two in a packet", "MPEG4-GENERIC/16000", hbr, "00200008001001aabb", ["0 01", "1024 aabb"]],
    ["the mode of low bit rate", "MPEG4-GENERIC/16000", "mode=AAC-lbr;config=1408", "00080c010203", ["0 010203"]],
    ["no headers", "MPEG4-GENERIC/16000", "mode=generic;config=1408", "010203", ["0 010203"]],
    ["one size", "MPEG4-GENERIC/16000", "config=1408;constantsize=2", "01020304", ["0 0102", "1024 0304"]],
    ["a clock of twice the rate", "MPEG4-GENERIC/32000", hbr, "00200008000801aa", ["0 01", "2048 aa"]],
    ["no clock", "MPEG4-GENERIC", hbr, "00200008000801aa", ["0 01", "1024 aa"]],
    ["LATM", "MP4A-LATM/16000", "cpresent=0;config=400028103fc0", "03010203", ["0 010203"]],
  ])("unpacks %s", (_, rtpmap, fmtp, payload, expected) => {
    const format = read(rtpmap, fmtp);
    expect(format?.config).toEqual(Buffer.from("1408", "hex"));
    expect(format?.parameters).toMatchObject({ sampleRate: 16_000, channels: 1 });
    expect(unpack(format, payload)).toEqual(expected);
  });

  it.each([
    ["another format", "PCMU/8000", hbr],
    ["no configuration", "MPEG4-GENERIC/16000", "mode=AAC-hbr"],
    ["a damaged configuration", "MPEG4-GENERIC/16000", "mode=AAC-hbr;config=14x8"],
    ["another coder's configuration", "MPEG4-GENERIC/16000", "mode=AAC-hbr;config=f846"],
    ["a width that cannot be", "MPEG4-GENERIC/16000", `${hbr};ctsdeltalength=33`],
    ["a width that is no number", "MPEG4-GENERIC/16000", "mode=AAC-hbr;config=1408;sizelength=many"],
    ["LATM with its configuration in band", "MP4A-LATM/16000", "cpresent=1;config=400028103fc0"],
    ["LATM that does not say", "MP4A-LATM/16000", "config=400028103fc0"],
    ["LATM without configuration", "MP4A-LATM/16000", "cpresent=0"],
  ])("does not understand %s", (_, rtpmap, fmtp) => {
    expect(read(rtpmap, fmtp)).toBeUndefined();
  });
});
