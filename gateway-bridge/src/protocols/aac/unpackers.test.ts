import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { writeAdts } from "./adts.ts";
import { GenericUnpacker } from "./generic-unpacker.ts";
import { LatmUnpacker, readStreamMux } from "./latm.ts";
import { aacFormatParameters, packetizeAac } from "./packetizer.ts";
import type { OrderedPacket } from "../rtp/unpacker.ts";
import { highBitRate, type AccessUnitLayout } from "./access-unit-layout.ts";

const config = { objectType: 2, sampleRate: 16_000, channels: 1, unitSamples: 1_024 };
const unit = (size: number, filler = size): Buffer => Buffer.alloc(size, filler);
/** Compares much faster than bytes do. */
const text = (data: Buffer): string => data.toString("latin1");
const framed = (data: Buffer): Buffer => Buffer.concat([writeAdts(config, data.length), data]);
const packet = (payload: Buffer, more: Partial<OrderedPacket> = {}): OrderedPacket => ({
  payload,
  marker: true,
  timestamp: 0,
  gap: false,
  ...more,
});

const generic = (layout: Partial<AccessUnitLayout> = {}): GenericUnpacker =>
  new GenericUnpacker({ layout: { ...highBitRate, ...layout }, unitTicks: 1_024 });

/** Fields of given widths, behind their length in bits. RFC 3640 3.2.1 */
const headers = (...fields: readonly (readonly [value: number, width: number])[]): Buffer => {
  const bits = fields.map(([value, width]) => value.toString(2).padStart(width, "0")).join("");
  const size = Buffer.alloc(2);
  size.writeUInt16BE(bits.length);
  const bytes = bits.padEnd(8 * Math.ceil(bits.length / 8), "0").match(/.{8}/g) ?? [];
  return Buffer.concat([size, Buffer.from(bytes.map((byte) => parseInt(byte, 2)))]);
};

describe("GenericUnpacker", () => {
  it("takes one access unit, and several in turn, as copies", () => {
    const one = Buffer.concat([headers([30, 13], [0, 3]), unit(30)]);
    const two = Buffer.concat([headers([30, 13], [0, 3], [9, 13], [0, 3]), unit(30), unit(9)]);
    const unpacker = generic();
    const [first] = unpacker.unpack(packet(one));
    one.fill(0);
    expect(first).toEqual({ offset: 0, data: unit(30) });
    expect(unpacker.unpack(packet(two))).toEqual([
      { offset: 0, data: unit(30) },
      { offset: 1_024, data: unit(9) },
    ]);
    expect(unpacker.damaged).toBe(0);
  });

  it.each<[string, Partial<AccessUnitLayout>, Buffer]>([
    ["low bit rate", { sizeLength: 6, indexLength: 2, indexDeltaLength: 2 }, headers([30, 6], [0, 2], [9, 6], [0, 2])],
    [
      "every field that there can be",
      { ctsDeltaLength: 5, dtsDeltaLength: 6, randomAccess: true, streamStateLength: 4 },
      headers(
        [30, 13],
        [0, 3],
        [0, 1],
        [1, 1],
        [9, 6],
        [1, 1],
        [3, 4],
        [9, 13],
        [0, 3],
        [1, 1],
        [7, 5],
        [0, 1],
        [1, 5],
      ),
    ],
    [
      "an auxiliary section",
      { auxiliaryLength: 8 },
      Buffer.concat([headers([30, 13], [0, 3], [9, 13], [0, 3]), Buffer.from([12, 0xff, 0xf0])]),
    ],
  ])("reads the headers of %s", (_, layout, head) => {
    const payload = Buffer.concat([head, unit(30), unit(9)]);
    expect(
      generic(layout)
        .unpack(packet(payload))
        .map(({ data }) => data),
    ).toEqual([unit(30), unit(9)]);
  });

  it.each<[string, Partial<AccessUnitLayout>, Buffer, readonly Buffer[]]>([
    ["one access unit a packet", {}, unit(30), [unit(30)]],
    ["access units of one size", { constantSize: 10 }, unit(30, 7), [unit(10, 7), unit(10, 7), unit(10, 7)]],
    ["a size that does not go in", { constantSize: 7 }, unit(30), []],
    ["nothing", {}, unit(0), []],
  ])("does without headers: %s", (_, layout, payload, expected) => {
    const bare = { sizeLength: 0, indexLength: 0, indexDeltaLength: 0, ...layout };
    expect(
      generic(bare)
        .unpack(packet(payload))
        .map(({ data }) => data),
    ).toEqual(expected);
  });

  it("takes ADTS frames as the cameras send them that should not", () => {
    const inside = Buffer.concat([headers([37, 13], [0, 3]), framed(unit(30))]);
    const instead = Buffer.concat([framed(unit(30)), framed(unit(9))]);
    expect(
      generic()
        .unpack(packet(inside))
        .map(({ data }) => data),
    ).toEqual([unit(30)]);
    expect(generic().unpack(packet(instead))).toMatchObject([{ offset: 0 }, { offset: 1_024, data: unit(9) }]);
  });

  it("round-trips access units of any size at any packet size", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 8_191 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 40, max: 1_400 }), (all, maxPayload) => {
        const unpacker = generic();
        const found = all.flatMap((size, index) =>
          packetizeAac(unit(size), maxPayload).flatMap(({ prefix, body, last }) => {
            if (prefix.length + body.length > maxPayload) throw new Error("too long");
            const payload = Buffer.concat([prefix, body]);
            return unpacker.unpack(packet(payload, { marker: last, timestamp: index * 1_024 }));
          }),
        );
        expect(found.map(({ data }) => text(data))).toEqual(all.map((size) => text(unit(size))));
        expect(unpacker.damaged).toBe(0);
      }),
    );
  });

  it("drops an access unit that lost a fragment, and nothing else", () => {
    const parts = (size: number, timestamp: number): OrderedPacket[] =>
      packetizeAac(unit(size), 104).map(({ prefix, body, last }) =>
        packet(Buffer.concat([prefix, body]), { marker: last, timestamp }),
      );
    const [one, two] = [parts(300, 0), parts(250, 1_024)];
    const lossy = [one[0], { ...one[2], gap: true }, ...two].filter((part) => part !== undefined) as OrderedPacket[];
    const unpacker = generic();
    expect(lossy.flatMap((part) => unpacker.unpack(part))).toEqual([{ offset: 0, data: unit(250) }]);
    expect(unpacker.damaged).toBeGreaterThan(0);
    const interrupted = [...one.slice(0, 1), ...two, packet(Buffer.concat([headers([5, 13], [0, 3]), unit(5)]))];
    expect(interrupted.flatMap((part) => unpacker.unpack(part)).map(({ data }) => data.length)).toEqual([250, 5]);
  });

  it.each([
    ["one byte", Buffer.from([0])],
    ["headers beyond its end", Buffer.from([0xff, 0, 1, 2])],
    ["headers of no length", Buffer.from([0, 0, 1, 2])],
    ["headers that end amid a field", Buffer.concat([Buffer.from([0, 20, 0, 0x40, 0x50]), unit(30)])],
    ["an access unit of nothing", Buffer.concat([headers([0, 13], [0, 3]), unit(3)])],
    ["access units beyond its end", Buffer.concat([headers([2, 13], [0, 3], [9, 13], [0, 3]), unit(3)])],
  ])("leaves out a packet with %s", (_, payload) => {
    const unpacker = generic();
    expect(unpacker.unpack(packet(payload))).toEqual([]);
    expect(unpacker.damaged).toBe(1);
  });
});

describe("packetizeAac", () => {
  it("says how it is to be read", () => {
    expect(aacFormatParameters(Buffer.from("1408", "hex"))).toContain(
      "sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
    );
  });

  it("sends nothing for what the mode cannot carry", () => {
    expect(packetizeAac(unit(0), 1_400)).toEqual([]);
    expect(packetizeAac(unit(8_192), 1_400)).toEqual([]);
    expect(() => packetizeAac(unit(5), 4)).toThrow(RangeError);
  });
});

describe("readStreamMux", () => {
  it.each([
    ["16 kHz mono, LC", "400028103fc0", { config, subFrames: 1 }],
    [
      "48 kHz stereo, two at a time",
      "410023203fc0",
      { config: { ...config, sampleRate: 48_000, channels: 2 }, subFrames: 2 },
    ],
    ["another version", "c00028103fc0", undefined],
    ["timings of their own", "000028103fc0", undefined],
    ["two programs", "400828103fc0", undefined],
    ["another coder", "40003e103fc0", undefined],
    ["nothing", "", undefined],
    ["too much", "40".repeat(65), undefined],
  ])("%s", (_, hex, expected) => {
    expect(readStreamMux(Buffer.from(hex, "hex"))).toEqual(expected);
  });
});

describe("LatmUnpacker", () => {
  const element = (...sizes: readonly number[]): Buffer =>
    Buffer.concat(
      sizes.flatMap((size) => [
        Buffer.from([...Array.from({ length: Math.floor(size / 255) }, () => 255), size % 255]),
        unit(size),
      ]),
    );
  const latm = (subFrames = 1): LatmUnpacker => new LatmUnpacker({ subFrames, unitTicks: 1_024 });

  it.each([1, 254, 255, 256, 700])("takes an access unit of %i bytes", (size) => {
    expect(latm().unpack(packet(element(size)))).toEqual([{ offset: 0, data: unit(size) }]);
  });

  it("takes several in turn", () => {
    expect(latm(2).unpack(packet(element(30, 9)))).toEqual([
      { offset: 0, data: unit(30) },
      { offset: 1_024, data: unit(9) },
    ]);
    expect(latm(2).unpack(packet(element(30)))).toEqual([]);
  });

  it("puts an element together up to the marker", () => {
    const [bytes, unpacker] = [element(700), latm()];
    const parts = [bytes.subarray(0, 300), bytes.subarray(300, 600), bytes.subarray(600)];
    const found = parts.flatMap((payload, index) => unpacker.unpack(packet(payload, { marker: index === 2 })));
    expect(found).toEqual([{ offset: 0, data: unit(700) }]);
    expect(unpacker.damaged).toBe(0);
  });

  it("drops an element that lost a part", () => {
    const [bytes, unpacker] = [element(700), latm()];
    unpacker.unpack(packet(bytes.subarray(0, 300), { marker: false }));
    expect(unpacker.unpack(packet(bytes.subarray(600), { gap: true }))).toEqual([]);
    expect(unpacker.damaged).toBeGreaterThan(0);
    expect(unpacker.unpack(packet(element(5)))).toHaveLength(1);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["a length that is cut off", Buffer.from([255])],
    ["a length beyond its end", Buffer.from([9, 1])],
    ["a length of nothing", Buffer.from([0, 1])],
  ])("leaves out %s", (_, payload) => {
    const unpacker = latm();
    expect(unpacker.unpack(packet(payload))).toEqual([]);
    expect(unpacker.damaged).toBe(1);
  });

  it("does not gather for ever", () => {
    const unpacker = latm();
    for (let index = 0; index < 20; index += 1) unpacker.unpack(packet(unit(1_000), { marker: false }));
    expect(unpacker.damaged).toBeGreaterThan(0);
  });
});
