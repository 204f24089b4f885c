import { describe, expect, it } from "@jest/globals";

import { AdtsSplitter } from "../../gateway-bridge/src/protocols/aac/adts-splitter.ts";
import { readAdts, writeAdts } from "../../gateway-bridge/src/protocols/aac/adts.ts";
import {
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from "../../gateway-bridge/src/protocols/aac/audio-specific-config.ts";
import { readStreamMux } from "../../gateway-bridge/src/protocols/aac/latm.ts";
import { packetizeAac } from "../../gateway-bridge/src/protocols/aac/packetizer.ts";
import { H265Depacketizer } from "../../gateway-bridge/src/protocols/h265/depacketizer.ts";
import { packetizeH265 } from "../../gateway-bridge/src/protocols/h265/packetizer.ts";
import { readH265Sps } from "../../gateway-bridge/src/protocols/h265/sps.ts";
import { RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { parseSdp } from "../../gateway-bridge/src/protocols/sdp/parse-sdp.ts";
import { readSoundFormat } from "../../gateway-bridge/src/sources/sound-format.ts";
import { SoundLane } from "../../gateway-bridge/src/sources/sound-lane.ts";
import { fuzz } from "../support/fuzz.ts";

/** Counts the inputs that got through, so that a fuzz whose every input fell at the first byte does not count. */
const fuzzCounting = (parse: (input: Buffer) => boolean, options: Parameters<typeof fuzz>[1]): number => {
  let through = 0;
  fuzz((input) => {
    if (parse(input)) through += 1;
  }, options);
  return through;
};

const hex = (...all: readonly string[]): readonly Buffer[] => all.map((bytes) => Buffer.from(bytes, "hex"));

/** Packets one behind the other, each behind its length, marker and timestamp: what a mutation can change. */
const framed = (packets: readonly Pick<RtpPacket, "marker" | "timestamp" | "payload">[]): Buffer =>
  Buffer.concat(
    packets.flatMap(({ marker, timestamp, payload }) => {
      const head = Buffer.alloc(5);
      head.writeUInt16BE(payload.length);
      head.writeUInt8(marker ? 1 : 0, 2);
      head.writeUInt16BE(timestamp / 1_024, 3);
      return [head, payload];
    }),
  );

function* unframed(bytes: Buffer): Generator<RtpPacket> {
  let sequence = 65_530;
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at);
    const [flags, timestamp] = [bytes.readUInt8(at + 2), 1_024 * bytes.readUInt16BE(at + 3)];
    // A flag of the mutation's making loses packets.
    sequence += (flags & 0xc0) === 0xc0 ? 2 : 1;
    const payload = bytes.subarray(at + 5, end);
    const header = { payloadType: 97, marker: (flags & 1) === 1, sequence: sequence & 0xffff, timestamp, ssrc: 5 };
    yield RtpPacket.of(header, payload);
    at = end;
  }
}

describe("H.265", () => {
  const [vps, sps, pps] = hex(
    "40010c01ffff016000000300900000030000030078ba0240",
    "420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321",
    "4401c073c189",
  ) as [Buffer, Buffer, Buffer];
  const slice = (type: number, filler: number): Buffer =>
    Buffer.concat([Buffer.from([type << 1, 1, 0xaf]), Buffer.alloc(300, filler)]);
  const stream = (maxPayload: number, aggregate: boolean): Buffer =>
    framed(
      [[vps, sps, pps, slice(19, 1)], [slice(1, 2)], [slice(1, 3), slice(1, 4)], [slice(21, 5)]].flatMap(
        (nals, index) =>
          packetizeH265(nals, maxPayload, { aggregate }).map(({ prefix, body, last }) => ({
            ...{ marker: last, timestamp: 3_072 * index },
            payload: Buffer.concat([prefix, body]),
          })),
      ),
    );
  const code = Buffer.from([0, 0, 0, 1]);
  const annexB = framed([
    { marker: true, timestamp: 0, payload: Buffer.concat([vps, code, sps, code, pps, code, slice(20, 1)]) },
  ]);

  it.each([0, 16])(
    "puts nothing but whole pictures together from hostile streams, with %i packets waiting",
    (reorder) => {
      let pictures = 0;
      fuzz(
        (input) => {
          const depacketizer = new H265Depacketizer({ reorder, maxBytes: 2_000 });
          for (const packet of unframed(input)) {
            for (const picture of depacketizer.push(packet)) {
              pictures += 1;
              const bytes = picture.nals.reduce((sum, { length }) => sum + length, 0);
              if (picture.bytes > 2_000 || bytes !== picture.bytes) throw new Error("a picture of the wrong size");
              if (picture.nals.some((nal) => nal.length < 3 || nal.includes("\0\0\u0001", 0, "latin1"))) {
                throw new Error("a NAL unit that is none");
              }
              if (picture.nals.every((nal) => (nal[0] ?? 0) >> 1 >= 32)) throw new Error("a picture without a slice");
            }
          }
        },
        {
          corpus: [stream(120, false), stream(120, true), stream(1_200, false), annexB],
          dictionary: [
            ...["\0\0\u0001", "\0\0\0\u0001", "\u0062\u0001\u0093", "\u0062\u0001\u0013", "\u0062\u0001\u0053"],
            ...["\u0060\u0001\0", "\u0064\u0001", "\u00c1", "\u00ff\u00ff"],
          ],
        },
      );
      expect(pictures).toBeGreaterThan(20_000);
    },
  );

  it("reads hostile sequence parameter sets", () => {
    const corpus = hex(
      "420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321",
      "42010101600000030090000003000003003fa005020171f2e595992930bc05a020000003002000000301e1",
      "42010102200000030090000003000003003fa005020171f2b65959129385e02d010000030001000003001908",
      "4201010408000003009d0800000300003cb00b08048596e92930bc32dc0404069040000003004000000642",
      "4201010408000003009e0800000300003f9000a0402e3e2f2dd25261780b4040000003004000000658492597800c3500186a20",
    );
    const through = fuzzCounting(
      (input) => {
        const parameters = readH265Sps(input);
        if (parameters === undefined) return false;
        const { width, height, fps, reorder = 0, lumaDepth } = parameters;
        if (!(width > 0 && width <= 16_384 && height > 0 && height <= 16_384)) throw new Error(`${width} x ${height}`);
        if (!(fps >= 0 && fps <= 300 && reorder >= 0 && reorder <= 16 && lumaDepth <= 16)) throw new Error("nonsense");
        return true;
      },
      { corpus, dictionary: ["\0\0\u0003", "\u0042\u0001", "\u00ff\u00ff", "\0\0\0", "\u0080"] },
    );
    expect(through).toBeGreaterThan(2_000);
  });
});

describe("AAC", () => {
  const config = { objectType: 2, sampleRate: 16_000, channels: 1, unitSamples: 1_024 };
  const unit = (size: number): Buffer => Buffer.alloc(size, size);

  it("reads hostile configurations, and builds what it read again", () => {
    const through = fuzzCounting(
      (input) => {
        readStreamMux(input);
        const read = parseAudioSpecificConfig(input);
        if (read === undefined) return false;
        if (read.sampleRate < 1 || read.sampleRate > 96_000 || read.channels < 1 || read.channels > 8)
          throw new Error("nonsense");
        const again = parseAudioSpecificConfig(Buffer.concat([buildAudioSpecificConfig(read), Buffer.alloc(1)]));
        if (again?.sampleRate !== read.sampleRate || again.channels !== read.channels) throw new Error("another");
        return true;
      },
      {
        corpus: hex(
          "1190",
          "1408",
          "1780138808",
          "2b118800",
          "eb098800",
          "11920000",
          "b98900",
          "400028103fc0",
          "f94690",
        ),
        dictionary: ["\u0017\u0080", "\u002b", "\u00f9", "\u0040\0"],
      },
    );
    expect(through).toBeGreaterThan(2_000);
  });

  it("finds nothing but frames in a hostile ADTS stream, and holds little of it", () => {
    const frames = [20, 100, 300].map((size) => Buffer.concat([writeAdts(config, size), unit(size)]));
    const units = { found: 0 };
    fuzz(
      (input) => {
        const splitter = new AdtsSplitter();
        let bytes = 0;
        for (let at = 0; at < input.length; at += 97) {
          for (const { data } of splitter.push(input.subarray(at, at + 97))) {
            units.found += 1;
            bytes += data.length + 7;
          }
        }
        if (bytes + splitter.skipped > input.length) throw new Error("more than there was");
        // What has not come out is less than a frame.
        const held = input.length - splitter.skipped - bytes;
        if (held > 8_191 + 2 * units.found) throw new Error("held too much");
        readAdts(input);
      },
      {
        corpus: [Buffer.concat(frames), Buffer.concat([unit(50), ...frames, unit(9)])],
        dictionary: ["\u00ff\u00f1", "\u00ff\u00f0", "\u00ff", "\u007f\u00fc", "\u00ff\u00ff\u00ff\u00ff"],
      },
    );
    expect(units.found).toBeGreaterThan(20_000);
  });

  const sdp = (format: string, parameters: string): string =>
    `v=0\nm=audio 0 RTP/AVP 97\na=rtpmap:97 ${format}\na=fmtp:97 ${parameters}\n`;
  const hbr = "mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3";
  const whole = (payload: Buffer, index: number) => ({ marker: true, timestamp: 1_024 * index, payload });
  const cut = [600, 40].flatMap((size, index) =>
    packetizeAac(unit(size), 200).map(({ prefix, body, last }) => ({
      ...{ marker: last, timestamp: 1_024 * index },
      payload: Buffer.concat([prefix, body]),
    })),
  );
  const several = hex("0010001801 0203".replace(" ", ""), "002000080010 01aabb".replace(" ", "")).map(whole);
  // A header of 22 bits; and one of them before one of 33, with times of presentation and decoding. Auxiliary sections of nothing.
  const full = hex("001600183400010203", "00370018340042586400010203aabb").map(whole);
  const adts = [Buffer.concat([writeAdts(config, 30), unit(30)])].map(whole);
  const latm = [Buffer.concat([Buffer.from([30]), unit(30), Buffer.from([255, 45]), unit(300)])].map(whole);

  it.each<[string, string, readonly (readonly ReturnType<typeof whole>[])[]]>([
    ["RFC 3640", sdp("MPEG4-GENERIC/16000", hbr), [cut, several, adts]],
    [
      "every field of RFC 3640",
      sdp(
        "MPEG4-GENERIC/16000",
        `${hbr};ctsdeltalength=5;dtsdeltalength=6;randomaccessindication=1;streamstateindication=3;auxiliarydatasizelength=4`,
      ),
      [cut, full],
    ],
    ["RFC 3640 without headers", sdp("MPEG4-GENERIC/16000", "config=1408;constantsize=10"), [cut, several, adts]],
    ["LATM", sdp("MP4A-LATM/16000", "cpresent=0;config=400028103fc0"), [latm, cut]],
    ["samples", sdp("L16/16000/2", ""), [cut]],
  ])("takes nothing but what was sent out of hostile packets of %s", (_, text, streams) => {
    const [format] = parseSdp(Buffer.from(text)).media[0]?.formats ?? [];
    const sound = format && readSoundFormat(format);
    if (sound === undefined) throw new Error("not understood");
    let units = 0;
    fuzz(
      (input) => {
        let bytes = 0;
        const write = ({ data, timestamp }: { readonly data: Buffer; readonly timestamp: number }): void => {
          units += 1;
          bytes += data.length;
          if (data.length === 0 || data.length > 65_535 || !Number.isSafeInteger(timestamp))
            throw new Error("no sound");
        };
        const lane = new SoundLane({ unpacker: sound.createUnpacker(), payloadType: 97, write });
        for (const packet of unframed(input)) lane.push(packet, 0);
        if (bytes > input.length) throw new Error("more than there was");
      },
      {
        corpus: streams.map(framed),
        dictionary: ["\0\u0010", "\u00ff\u00f1", "\u00ff\u00ff", "\0\0", "\u00c1", "\u0001"],
      },
    );
    expect(units).toBeGreaterThan(5_000);
  });

  it("understands hostile descriptions, or does not", () => {
    const through = fuzzCounting(
      (input) => {
        const formats = parseSdp(input).media.flatMap((section) => section.formats);
        const sounds = formats.flatMap((format) => readSoundFormat(format) ?? []);
        for (const { track, createUnpacker } of sounds.map((sound) => ({
          ...sound,
          createUnpacker: () => sound.createUnpacker(),
        }))) {
          if (!(track.clockRate > 0 && track.channels > 0 && track.channels <= 8)) throw new Error("nonsense");
          createUnpacker().unpack({ payload: input, marker: true, timestamp: 0, gap: false });
        }
        return sounds.length > 0;
      },
      {
        corpus: [
          sdp("MPEG4-GENERIC/16000", hbr),
          sdp("MP4A-LATM/16000", "cpresent=0;config=400028103fc0"),
          sdp("L16/44100/2", ""),
        ].map((text) => Buffer.from(text)),
        dictionary: [
          "sizelength=",
          "32",
          "constantsize=1;",
          "mode=AAC-lbr;",
          "config=",
          "auxiliarydatasizelength=32;",
          "PCMU/0",
          "/99",
        ],
      },
    );
    expect(through).toBeGreaterThan(2_000);
  });
});
