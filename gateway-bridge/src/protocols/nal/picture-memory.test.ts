import { expect, it } from "@jest/globals";

import { H264Depacketizer } from "../h264/depacketizer.ts";
import { packetizeH264 } from "../h264/packetizer.ts";
import { ownBytes } from "../rtp/own-bytes.ts";

/** Bytes that stay in memory for as long as these buffers do. */
const retained = (buffers: readonly Buffer[]): number =>
  [...new Set(buffers.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

it.each([
  ["one slice", [22, 5, 60, 16_000]],
  ["slices that fit into a packet", [22, 5, 60, 1_100, 1_100, 1_100]],
  ["a large key picture", [22, 5, 60, 160_000, 90_000]],
  ["slices of every size", [22, 5, 60, 2_047, 2_048, 300, 32_768, 40_000]],
])("a picture keeps nothing in memory but itself: %s", (_, sizes) => {
  const types = [0x67, 0x68, 0x06];
  const nals = sizes.map((size, index) => Buffer.alloc(size, 0xa5).fill(types[index] ?? 0x65, 0, 1));
  const depacketizer = new H264Depacketizer({ reorder: 0 });
  const pictures = packetizeH264(nals, 1_400).flatMap(({ prefix, body, last }, sequence) => {
    const payload = Buffer.concat([prefix, body]);
    return depacketizer.push({ payloadType: 96, marker: last, sequence, timestamp: 0, ssrc: 1, payload });
  });
  expect(pictures).toHaveLength(1);
  expect(pictures[0]!.nals).toEqual(nals);
  expect(retained(pictures[0]!.nals)).toBe(pictures[0]!.bytes);
});

it("sound keeps nothing in memory but itself", () => {
  const chunk = Buffer.alloc(65_536, 7);
  const own = ownBytes(chunk.subarray(100, 220));
  expect(own).toEqual(chunk.subarray(100, 220));
  expect(retained([own])).toBe(120);
});
