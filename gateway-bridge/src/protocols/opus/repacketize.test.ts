import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { opusFrameDuration, parseOpus } from "./opus-packet.ts";
import { canRepacketize, repacketizeOpus } from "./repacketize.ts";

/** Configuration 9: SILK wideband, 20 ms; configuration 31: CELT fullband, 20 ms. */
const silk = 9 << 3;
const celt = 31 << 3;

const frame = (size: number, filler = size): Buffer => Buffer.alloc(size, filler);
const single = (toc: number, ...content: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from([toc]), ...content]);

describe("parseOpus", () => {
  it.each([
    ["one frame", single(silk, frame(30)), [30], 960],
    ["one empty frame", single(silk), [0], 960],
    ["two of equal length", single(silk | 1, frame(60)), [30, 30], 1_920],
    ["two of different length", single(silk | 2, Buffer.from([30]), frame(30), frame(40)), [30, 40], 1_920],
    [
      "two, the first with a long length",
      single(silk | 2, Buffer.from([253, 100]), frame(653), frame(1)),
      [653, 1],
      1_920,
    ],
    ["many of equal length", single(silk | 3, Buffer.from([3]), frame(90)), [30, 30, 30], 2_880],
    ["many of different length", single(silk | 3, Buffer.from([0x83, 10, 20]), frame(60)), [10, 20, 30], 2_880],
    ["padding", single(silk | 3, Buffer.from([0x41, 2]), frame(30), frame(2)), [30], 960],
    ["long padding", single(silk | 3, Buffer.from([0x41, 255, 1]), frame(30), frame(255)), [30], 960],
    ["different lengths and padding", single(silk | 3, Buffer.from([0xc2, 1, 5]), frame(12), frame(1)), [5, 7], 1_920],
  ])("takes %s apart", (_, packet, sizes, duration) => {
    const parsed = parseOpus(packet);
    expect(parsed.frames.map(({ length }) => length)).toEqual(sizes);
    expect(parsed.duration).toBe(duration);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["halves of unequal length", single(silk | 1, frame(31))],
    ["a first frame beyond the end", single(silk | 2, Buffer.from([30]), frame(29))],
    ["a length that is missing", single(silk | 2)],
    ["a length that is cut off", single(silk | 2, Buffer.from([252]))],
    ["no frame count", single(silk | 3)],
    ["a frame count of zero", single(silk | 3, Buffer.from([0]), frame(10))],
    ["a frame count of zero with lengths", single(silk | 3, Buffer.from([0x80]), frame(10))],
    ["many frames of unequal length", single(silk | 3, Buffer.from([3]), frame(10))],
    ["a later frame beyond the end", single(silk | 3, Buffer.from([0x82, 30]), frame(29))],
    ["padding beyond the end", single(silk | 3, Buffer.from([0x41, 9]), frame(8))],
    ["a padding length that is cut off", single(silk | 3, Buffer.from([0x41, 255]))],
    ["a frame that is too long", single(silk, frame(1_276))],
    ["more than 120 ms", single(silk | 3, Buffer.from([7]), frame(70))],
  ])("refuses %s", (_, packet) => {
    expect(() => parseOpus(packet)).toThrow(expect.objectContaining({ code: "rtp-malformed" }));
  });
});

describe("opusFrameDuration", () => {
  it("knows every configuration", () => {
    const ms = Array.from({ length: 32 }, (_, configuration) => opusFrameDuration(configuration << 3) / 48);
    const silkMs = [10, 20, 40, 60];
    const celtMs = [2.5, 5, 10, 20];
    expect(ms).toEqual([...silkMs, ...silkMs, ...silkMs, 10, 20, 10, 20, ...celtMs, ...celtMs, ...celtMs, ...celtMs]);
  });
});

describe("repacketizeOpus", () => {
  it("puts three packets of 20 ms into one of 60 ms", () => {
    const packet = repacketizeOpus([single(celt, frame(10)), single(celt, frame(300)), single(celt, frame(20))]);
    expect([...packet.subarray(0, 5)]).toEqual([celt | 3, 0x83, 10, 252, 12]);
    expect(parseOpus(packet)).toMatchObject({ duration: 2_880, frames: [frame(10), frame(300), frame(20)] });
  });

  it("writes no lengths for frames of equal length", () => {
    expect(repacketizeOpus([single(celt, frame(2)), single(celt, frame(2))])).toEqual(
      Buffer.from([celt | 3, 2, 2, 2, 2, 2]),
    );
  });

  it("leaves a single frame as it is", () => {
    expect(repacketizeOpus([single(celt, frame(9))])).toEqual(single(celt, frame(9)));
  });

  it("keeps every frame, whatever their sizes and however they came", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 1_275 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 5 }), (all, cut) => {
        const packets = all.map((size, index) => single(celt | 4, frame(size, index)));
        const halves = [packets.slice(0, cut), packets.slice(cut)]
          .filter((half) => half.length > 0)
          .map(repacketizeOpus);
        const packet = repacketizeOpus(halves);
        expect(packet).toEqual(repacketizeOpus(packets));
        expect(parseOpus(packet).frames).toEqual(all.map((size, index) => frame(size, index)));
      }),
    );
  });

  it("refuses to mix configurations or channels, and to go beyond 120 ms", () => {
    const refusal = expect.objectContaining({ code: "rtp-malformed" });
    expect(() => repacketizeOpus([single(celt, frame(1)), single(silk, frame(1))])).toThrow(refusal);
    expect(() => repacketizeOpus([single(celt, frame(1)), single(celt | 4, frame(1))])).toThrow(refusal);
    expect(() => repacketizeOpus(Array.from({ length: 7 }, () => single(celt, frame(1))))).toThrow(refusal);
    expect(() => repacketizeOpus([])).toThrow(RangeError);
  });

  it("tells which packets go together", () => {
    expect(canRepacketize(single(celt, frame(1)), single(celt | 1, frame(2)))).toBe(true);
    expect(canRepacketize(single(celt), single(silk))).toBe(false);
    expect(canRepacketize(single(celt), Buffer.alloc(0))).toBe(false);
  });
});
