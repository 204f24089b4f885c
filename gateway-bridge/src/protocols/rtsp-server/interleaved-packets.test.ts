import { describe, expect, it } from "@jest/globals";

import { parseRtp } from "../rtp/rtp-packet.ts";
import { RtspSplitter } from "../rtsp/rtsp-splitter.ts";
import { interleave, interleavePackets, packetsOf } from "./interleaved-packets.ts";

const payloads = [
  { prefix: Buffer.from([0x7c, 0x85]), body: Buffer.from("first"), last: false },
  { prefix: Buffer.from([0x7c, 0x45]), body: Buffer.from("second"), last: false },
  { prefix: Buffer.alloc(0), body: Buffer.from("third"), last: true },
];
const run = { channel: 6, payloadType: 96, ssrc: 0xdead_beef, sequence: 0xffff, timestamp: 90_000 };

/** What a client takes apart. */
const framesOf = (bytes: Buffer): { channel: number; payload: Buffer }[] => {
  const frames: { channel: number; payload: Buffer }[] = [];
  const splitter = new RtspSplitter({
    frame: (channel, payload) => frames.push({ channel, payload }),
    message: () => undefined,
  });
  splitter.push(bytes);
  return frames;
};

describe("interleavePackets", () => {
  it("makes packets that a client takes apart, numbered on, over the wrap too", () => {
    const frames = framesOf(interleavePackets(payloads, run));
    expect(frames.map(({ channel }) => channel)).toEqual([6, 6, 6]);
    const packets = frames.map(({ payload }) => parseRtp(payload));
    expect(packets.map(({ sequence }) => sequence)).toEqual([0xffff, 0, 1]);
    expect(packets.map(({ marker }) => marker)).toEqual([false, false, true]);
    expect(packets.map(({ payload }) => payload.toString("latin1"))).toEqual(["|\x85first", "|Esecond", "third"]);
    for (const packet of packets)
      expect(packet).toMatchObject({ payloadType: 96, ssrc: 0xdead_beef, timestamp: 90_000 });
  });

  it("gives datagrams without their frames", () => {
    const bytes = interleavePackets(payloads, run);
    expect([...packetsOf(bytes)]).toEqual(framesOf(bytes).map(({ payload }) => payload));
  });

  it("makes nothing of nothing", () => {
    expect(interleavePackets([], run)).toHaveLength(0);
    expect([...packetsOf(Buffer.alloc(0))]).toEqual([]);
  });

  it("does not let a length lie", () => {
    const long = [{ prefix: Buffer.alloc(0), body: Buffer.alloc(65_524), last: true }];
    expect(() => interleavePackets(long, run)).toThrow("out of range");
    const longest = [{ prefix: Buffer.alloc(0), body: Buffer.alloc(65_523), last: true }];
    expect(framesOf(interleavePackets(longest, run))).toHaveLength(1);
  });
});

it("interleave puts a frame around a report", () => {
  expect(framesOf(interleave(7, Buffer.from("report")))).toEqual([{ channel: 7, payload: Buffer.from("report") }]);
});
