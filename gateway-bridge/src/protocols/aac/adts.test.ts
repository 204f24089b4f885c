import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { AdtsSplitter } from "./adts-splitter.ts";
import { readAdts, splitAdts, writeAdts } from "./adts.ts";
import { sampleRates } from "./audio-specific-config.ts";

const config = { objectType: 2, sampleRate: 44_100, channels: 2, unitSamples: 1_024 };
const framed = (unit: Buffer): Buffer => Buffer.concat([writeAdts(config, unit.length), unit]);
const unit = (size: number, filler = size): Buffer => Buffer.alloc(size, filler);

describe("ADTS headers", () => {
  it("are those that ffmpeg writes", () => {
    expect(readAdts(Buffer.from("fff150802e7ffc", "hex"))).toEqual({ config, size: 7, frameSize: 371 });
    expect(writeAdts(config, 371 - 7)).toEqual(Buffer.from("fff150802e7ffc", "hex"));
  });

  it("say the same when they are read again", () => {
    for (const sampleRate of sampleRates) {
      for (const channels of [1, 2, 3, 4, 5, 6, 8]) {
        for (const length of [1, 100, 8_184]) {
          const written = { ...config, sampleRate, channels };
          expect(readAdts(writeAdts(written, length))).toEqual({ config: written, size: 7, frameSize: length + 7 });
        }
      }
    }
  });

  it("may have a checksum", () => {
    expect(readAdts(Buffer.from("fff050802e7ffc1234", "hex"))).toEqual({ config, size: 9, frameSize: 371 });
  });

  it.each([
    ["another rate", { ...config, sampleRate: 10_000 }, 1],
    ["another kind of coder", { ...config, objectType: 5 }, 1],
    ["no channels", { ...config, channels: 0 }, 1],
    ["too much", config, 8_185],
  ])("are refused for %s", (_, wrong, length) => {
    expect(() => writeAdts(wrong, length)).toThrow(RangeError);
  });

  it.each([
    ["too short", "fff150802e7f"],
    ["no sync word", "ffe150802e7ffc"],
    ["layer 1", "fff750802e7ffc"],
    ["a reserved rate", "fff174802e7ffc"],
    ["no layout of channels", "fff150002e7ffc"],
    ["a length below its own", "fff1508000fffc"],
    ["several access units in one", "fff150802e7ffd"],
  ])("are none when they have %s", (_, hex) => {
    expect(readAdts(Buffer.from(hex, "hex"))).toBeUndefined();
  });
});

describe("splitAdts", () => {
  it("gives the access units of a whole stream, as views", () => {
    const stream = Buffer.concat([framed(unit(5)), framed(unit(300))]);
    expect(splitAdts(stream)).toEqual([unit(5), unit(300)]);
    expect(splitAdts(stream)?.[0]?.buffer).toBe(stream.buffer);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["something else", unit(30)],
    ["a frame that is cut off", framed(unit(30)).subarray(0, 30)],
    ["something behind a frame", Buffer.concat([framed(unit(30)), unit(9)])],
  ])("is undefined for %s", (_, stream) => expect(splitAdts(stream)).toBeUndefined());
});

describe("AdtsSplitter", () => {
  it("cuts the stream the same whatever its pieces are", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 40 }), (all, pieces) => {
        const stream = Buffer.concat(all.map((size) => framed(unit(size))));
        const splitter = new AdtsSplitter();
        const found = [];
        let at = 0;
        for (const piece of [...pieces, stream.length]) {
          found.push(...splitter.push(stream.subarray(at, at + piece)));
          at = Math.min(at + piece, stream.length);
        }
        const text = (data: Buffer): string => data.toString("latin1");
        expect(found.map(({ data }) => text(data))).toEqual(all.map((size) => text(unit(size))));
        expect(found[0]?.config).toEqual(config);
        expect(splitter.skipped).toBe(0);
      }),
    );
  });

  it("passes over what is no frame, and counts it", () => {
    const splitter = new AdtsSplitter();
    const stream = Buffer.concat([Buffer.from([1, 0xff, 2, 0xff]), framed(unit(20)), unit(40), framed(unit(30))]);
    expect(splitter.push(stream).map(({ data }) => data)).toEqual([unit(20), unit(30)]);
    expect(splitter.skipped).toBe(44);
  });

  it("gives copies, and holds none of what it is given", () => {
    const splitter = new AdtsSplitter();
    const stream = Buffer.concat([framed(unit(20)), framed(unit(30))]);
    const first = splitter.push(stream.subarray(0, 40));
    stream.fill(9, 0, 40);
    expect([...first, ...splitter.push(stream.subarray(40))].map(({ data }) => data)).toEqual([unit(20), unit(30)]);
  });

  it("holds less than a frame of a stream that has none", () => {
    const splitter = new AdtsSplitter();
    for (let piece = 0; piece < 1_000; piece += 1) splitter.push(unit(1_000, 7));
    expect(splitter.skipped).toBeGreaterThan(999_000);
  });
});
