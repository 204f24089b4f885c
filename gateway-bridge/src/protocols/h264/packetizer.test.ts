import { describe, expect, it } from "@jest/globals";
import { H264RtpPayload } from "werift";

import { packetizeH264 } from "./packetizer.ts";

const sps = Buffer.from([0x67, 1, 2, 3]);
const pps = Buffer.from([0x28, 4, 5]);
const idr = Buffer.concat([
  Buffer.from([0x65]),
  Buffer.from(Array.from({ length: 3_000 }, (_, index) => index & 0xff)),
]);

describe("packetizeH264", () => {
  it("sends what fits whole, and marks the last payload alone", () => {
    expect(packetizeH264([sps, pps], 1_200)).toEqual([
      { prefix: Buffer.alloc(0), body: sps, last: false },
      { prefix: Buffer.alloc(0), body: pps, last: true },
    ]);
  });

  it("cuts larger units into fragments that are views", () => {
    const payloads = packetizeH264([idr], 1_200);
    expect(payloads.map(({ prefix }) => [...prefix])).toEqual([
      [0x7c, 0x85],
      [0x7c, 0x05],
      [0x7c, 0x45],
    ]);
    expect(payloads.map(({ body }) => body.length)).toEqual([1_198, 1_198, 604]);
    expect(payloads.every(({ body }) => body.buffer === idr.buffer)).toBe(true);
    expect(payloads.map(({ last }) => last)).toEqual([false, false, true]);
  });

  it("is put together again by werift", () => {
    let fragment: Buffer | undefined;
    const depacketized = packetizeH264([idr], 500).map(({ prefix, body }) => {
      const payload = H264RtpPayload.deSerialize(Buffer.concat([prefix, body]), fragment);
      fragment = payload.fragment;
      return payload.payload;
    });
    expect(depacketized.at(-1)).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 1]), idr]));
  });

  it("puts small units without picture data together when asked, with the highest NRI", () => {
    const [aggregate, ...fragments] = packetizeH264([sps, pps, idr], 1_200, { aggregate: true });
    expect(aggregate).toEqual({
      prefix: Buffer.alloc(0),
      body: Buffer.from([0x78, 0, 4, ...sps, 0, 3, ...pps]),
      last: false,
    });
    expect(fragments).toHaveLength(3);
  });

  it("aggregates no more than fits, and never a single unit", () => {
    const payloads = packetizeH264([sps, pps, sps, pps, sps], 15, { aggregate: true });
    expect(payloads.map(({ body }) => body.length)).toEqual([12, 12, 4]);
  });

  it("leaves empty units out", () => {
    expect(packetizeH264([Buffer.alloc(0), sps, Buffer.alloc(0)], 1_200)).toHaveLength(1);
    expect(packetizeH264([Buffer.alloc(0)], 1_200, { aggregate: true })).toEqual([]);
    expect(packetizeH264([], 1_200)).toEqual([]);
  });

  it("refuses a size that no fragment fits in", () => {
    expect(() => packetizeH264([idr], 2)).toThrow(RangeError);
    expect(packetizeH264([Buffer.from([0x65, 1, 2, 3])], 3)).toHaveLength(3);
  });
});
