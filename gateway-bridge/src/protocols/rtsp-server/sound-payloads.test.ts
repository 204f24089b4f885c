import { describe, expect, it } from "@jest/globals";

import { opusPayloads, samplePayloads } from "./sound-payloads.ts";

describe("opusPayloads", () => {
  it("sends a packet whole, and none that no decoder takes", () => {
    const packet = Buffer.alloc(3_000, 1);
    expect(opusPayloads(packet)).toEqual([{ prefix: Buffer.alloc(0), body: packet, last: false }]);
    expect(opusPayloads(Buffer.alloc(0))).toEqual([]);
    expect(opusPayloads(Buffer.alloc(61_441))).toEqual([]);
  });
});

describe("samplePayloads", () => {
  it.each([
    { name: "what fits whole", bytes: 160, bytesPerTick: 1, sizes: [160], offsets: [0] },
    { name: "the rest later", bytes: 3_000, bytesPerTick: 1, sizes: [1_400, 1_400, 200], offsets: [0, 1_400, 2_800] },
    { name: "no sample in two", bytes: 4_002, bytesPerTick: 6, sizes: [1_398, 1_398, 1_206], offsets: [0, 233, 466] },
    { name: "nothing of nothing", bytes: 0, bytesPerTick: 2, sizes: [], offsets: [] },
  ])("sends $name", ({ bytes, bytesPerTick, sizes, offsets }) => {
    const samples = Buffer.from(Array.from({ length: bytes }, (_, index) => index & 0xff));
    const parts = samplePayloads(samples, { bytesPerTick, maxPayload: 1_400 });
    expect(parts.map(({ payload }) => payload.body.length)).toEqual(sizes);
    expect(parts.map(({ offset }) => offset)).toEqual(offsets);
    expect(Buffer.concat(parts.map(({ payload }) => payload.body))).toEqual(samples);
  });
});
