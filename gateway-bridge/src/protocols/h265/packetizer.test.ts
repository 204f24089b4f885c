import { describe, expect, it } from "@jest/globals";

import { packetizeH265 } from "./packetizer.ts";

const sps = Buffer.from([0x42, 1, 2, 3]);
const pps = Buffer.from([0x44, 2, 5]);
const idr = Buffer.concat([
  Buffer.from([0x26, 3]),
  Buffer.from(Array.from({ length: 3_000 }, (_, index) => index & 0xff)),
]);

describe("packetizeH265", () => {
  it("sends what fits whole, and marks the last payload alone", () => {
    expect(packetizeH265([sps, pps], 1_200)).toEqual([
      { prefix: Buffer.alloc(0), body: sps, last: false },
      { prefix: Buffer.alloc(0), body: pps, last: true },
    ]);
  });

  it("cuts larger units into fragments that are views, and keeps layer and temporal id", () => {
    const payloads = packetizeH265([idr], 1_200);
    expect(payloads.map(({ prefix }) => [...prefix])).toEqual([
      [0x62, 3, 0x93],
      [0x62, 3, 0x13],
      [0x62, 3, 0x53],
    ]);
    expect(payloads.map(({ body }) => body.length)).toEqual([1_197, 1_197, 606]);
    expect(payloads.every(({ body }) => body.buffer === idr.buffer)).toBe(true);
    expect(payloads.map(({ last }) => last)).toEqual([false, false, true]);
  });

  it("puts small units without picture data together when asked, with the lowest temporal id", () => {
    const [aggregate, ...fragments] = packetizeH265([sps, pps, idr], 1_200, { aggregate: true });
    expect(aggregate).toEqual({
      prefix: Buffer.alloc(0),
      body: Buffer.from([0x60, 1, 0, 4, ...sps, 0, 3, ...pps]),
      last: false,
    });
    expect(fragments).toHaveLength(3);
  });

  it("aggregates no more than fits, and never a single unit", () => {
    const payloads = packetizeH265([sps, pps, sps, pps, sps], 16, { aggregate: true });
    expect(payloads.map(({ body }) => body.length)).toEqual([13, 13, 4]);
  });

  it("leaves units without a whole header out", () => {
    expect(packetizeH265([Buffer.alloc(0), sps, Buffer.from([0x42])], 1_200)).toHaveLength(1);
    expect(packetizeH265([Buffer.from([0x42])], 1_200, { aggregate: true })).toEqual([]);
    expect(packetizeH265([], 1_200)).toEqual([]);
  });

  it("refuses a size that no fragment fits in", () => {
    expect(() => packetizeH265([idr], 3)).toThrow(RangeError);
    expect(packetizeH265([Buffer.from([0x26, 1, 1, 2, 3])], 4)).toHaveLength(3);
  });
});
