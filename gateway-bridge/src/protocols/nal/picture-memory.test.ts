import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { H264Depacketizer } from "../h264/depacketizer.ts";
import { packetizeH264 } from "../h264/packetizer.ts";
import { ownBytes } from "../rtp/own-bytes.ts";
import { RtpPacket } from "../rtp/rtp-packet.ts";
import { PictureMemory, type PictureBuffer } from "./picture-memory.ts";

/** Bytes that stay in memory for as long as these buffers do. */
const retained = (buffers: readonly Buffer[]): number =>
  [...new Set(buffers.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

it.each([
  ["one slice", [22, 5, 60, 16_000]],
  ["slices that fit into a packet", [22, 5, 60, 1_100, 1_100, 1_100]],
  ["a large key picture", [22, 5, 60, 160_000, 90_000]],
  ["slices of every size", [22, 5, 60, 2_047, 2_048, 300, 32_768, 40_000]],
])("a picture keeps nothing in memory but itself and a quarter of slack: %s", (_, sizes) => {
  const types = [0x67, 0x68, 0x06];
  const nals = sizes.map((size, index) => Buffer.alloc(size, 0xa5).fill(types[index] ?? 0x65, 0, 1));
  const depacketizer = new H264Depacketizer({ reorder: 0 });
  const pictures = packetizeH264(nals, 1_400).flatMap(({ prefix, body, last }, sequence) => {
    const payload = Buffer.concat([prefix, body]);
    return depacketizer.push(RtpPacket.of({ payloadType: 96, marker: last, sequence, timestamp: 0, ssrc: 1 }, payload));
  });
  expect(pictures).toHaveLength(1);
  expect(pictures[0]!.nals).toEqual(nals);
  // One piece of memory, of its own.
  expect(new Set(pictures[0]!.nals.map(({ buffer }) => buffer)).size).toBe(1);
  const { bytes } = pictures[0]!;
  expect(retained(pictures[0]!.nals)).toBeGreaterThanOrEqual(bytes);
  expect(retained(pictures[0]!.nals)).toBeLessThanOrEqual(bytes * 1.25);
});

it("sound keeps nothing in memory but itself", () => {
  const chunk = Buffer.alloc(65_536, 7);
  const own = ownBytes(chunk.subarray(100, 220));
  expect(own).toEqual(chunk.subarray(100, 220));
  expect(retained([own])).toBe(120);
});

describe("PictureMemory", () => {
  it("lends what was given back to the next picture of about that size", () => {
    const memory = new PictureMemory();
    const first = memory.lend(20_000);
    first.release();
    expect(memory.lend(20_100)).toBe(first);
    expect(memory.lend(20_100)).not.toBe(first);
    first.release();
    expect(memory.lend(60_000)).not.toBe(first);
    expect(memory.lend(19_900)).toBe(first);
  });

  it("takes back once what was lent once", () => {
    const memory = new PictureMemory();
    const lent = memory.lend(100);
    lent.release();
    lent.release();
    expect(memory.lend(100)).toBe(lent);
    expect(memory.lend(100)).not.toBe(lent);
  });

  it.each([0, 1, 1_024, 1_025, 4_097, 65_536, 65_537, 1_000_000, 5 * 2 ** 20])("has room for %i bytes", (bytes) => {
    const { length } = new PictureMemory().lend(bytes).bytes;
    expect(length).toBeGreaterThanOrEqual(bytes);
    expect(length).toBeLessThanOrEqual(Math.max(1_024, bytes * 1.25, bytes + 1_024));
  });

  it("keeps no more for later than 4 MiB", () => {
    const memory = new PictureMemory();
    const lent = Array.from({ length: 20 }, () => memory.lend(2 ** 20));
    for (const each of lent) each.release();
    const again = Array.from({ length: 20 }, () => memory.lend(2 ** 20));
    expect(again.filter((each) => lent.includes(each))).toHaveLength(4);
  });

  it("never lends to two at once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 40_000 }), { maxLength: 200 }), (steps) => {
        const memory = new PictureMemory();
        const held: { readonly lent: PictureBuffer; readonly mark: number }[] = [];
        steps.forEach((step, mark) => {
          // Below zero: one of those that are held is given back.
          const [back] = step < 0 ? held.splice(-step % Math.max(1, held.length), 1) : [];
          back?.lent.release();
          if (step < 0) return;
          const lent = memory.lend(step);
          lent.bytes.fill(mark & 0xff);
          held.push({ lent, mark });
        });
        for (const { lent, mark } of held) expect(lent.bytes.every((byte) => byte === (mark & 0xff))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
