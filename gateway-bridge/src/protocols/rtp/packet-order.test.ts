import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { PacketOrder } from "./packet-order.ts";
import { RtpPacket } from "./rtp-packet.ts";

const packet = (sequence: number, ssrc = 1): RtpPacket =>
  RtpPacket.of({ payloadType: 96, marker: false, sequence: sequence & 0xffff, timestamp: 0, ssrc }, Buffer.alloc(1));

/** What comes out, with a `!` before what follows a gap. */
const order = (depth: number, packets: readonly RtpPacket[]): string => {
  const out: string[] = [];
  const ordered = new PacketOrder(depth, ({ sequence }, gap) => out.push(`${gap ? "!" : ""}${sequence}`));
  for (const each of packets) ordered.push(each);
  return out.join(" ");
};

const numbers = (...sequences: readonly number[]): readonly RtpPacket[] =>
  sequences.map((sequence) => packet(sequence));

describe("PacketOrder", () => {
  it.each([
    ["passes on what is in order, across the wrap", 4, [65_534, 65_535, 65_536, 65_537], "65534 65535 0 1"],
    ["puts neighbours in order", 4, [1, 3, 2, 4], "1 2 3 4"],
    ["puts neighbours in order across the wrap", 4, [65_535, 65_537, 65_536, 65_538], "65535 0 1 2"],
    ["leaves duplicates out, waiting ones too", 4, [1, 1, 3, 3, 2, 2, 4], "1 2 3 4"],
    ["gives up on a missing packet when too many wait", 2, [1, 3, 4, 5, 6], "1 !3 4 5 6"],
    ["tells every gap", 1, [1, 3, 5, 7, 8], "1 !3 !5 !7 8"],
    ["waits for nothing where the order is kept", 0, [1, 3, 4], "1 !3 4"],
    ["leaves out what comes after it was given up", 1, [1, 3, 4, 2, 5], "1 !3 4 5"],
    ["leaves out one stray old packet", 0, [1_000, 1_001, 5, 1_002], "1000 1001 1002"],
    ["follows a source that restarts its numbers", 0, [30_000, 30_001, 10, 11, 12], "30000 30001 !10 11 12"],
  ])("%s", (_, depth, sequences, expected) => {
    expect(order(depth, numbers(...sequences))).toBe(expected);
  });

  it("gives up what is missing when it is told to", () => {
    const out: string[] = [];
    const ordered = new PacketOrder(8, ({ sequence }, gap) => out.push(`${gap ? "!" : ""}${sequence}`));
    for (const each of numbers(1, 3, 4, 6)) ordered.push(each);
    expect([out, ordered.waiting]).toEqual([["1"], 3]);
    ordered.skip();
    expect([out, ordered.waiting]).toEqual([["1", "!3", "4"], 1]);
    ordered.skip();
    ordered.skip();
    expect([out, ordered.waiting]).toEqual([["1", "!3", "4", "!6"], 0]);
  });

  it("begins anew with another source and tells a gap", () => {
    expect(order(4, [packet(1), packet(9, 2), packet(10, 2)])).toBe("1 !9 10");
  });

  it("leaves out stray packets of another source", () => {
    expect(order(0, [packet(1), packet(9, 2), packet(2), packet(10, 2), packet(3)])).toBe("1 2 3");
    expect(order(0, [packet(1), packet(9, 2), packet(50, 2), packet(9, 3), packet(2)])).toBe("1 2");
  });

  it("restores any shuffle within its depth", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65_535 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 50, maxLength: 50 }),
        (first, delays) => {
          const sent = delays.map((delay, index) => ({ sequence: first + 1 + index, at: index + delay }));
          sent.sort((a, b) => a.at - b.at);
          const expected = Array.from({ length: 51 }, (_, index) => (first + index) & 0xffff).join(" ");
          expect(order(8, numbers(first, ...sent.map(({ sequence }) => sequence)))).toBe(expected);
        },
      ),
    );
  });
});
