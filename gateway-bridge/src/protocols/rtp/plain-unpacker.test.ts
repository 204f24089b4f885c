import { describe, expect, it } from "@jest/globals";

import { PlainUnpacker } from "./plain-unpacker.ts";

const packet = (...bytes: readonly number[]) => ({
  payload: Buffer.from(bytes),
  marker: false,
  timestamp: 0,
  gap: false,
});

describe("PlainUnpacker", () => {
  it.each([
    ["the payload", 1, packet(1, 2, 3), [{ offset: 0, data: Buffer.from([1, 2, 3]) }]],
    ["whole samples alone", 4, packet(1, 2, 3, 4, 5), [{ offset: 0, data: Buffer.from([1, 2, 3, 4]) }]],
    ["nothing of less than a sample", 4, packet(1, 2, 3), []],
    ["nothing of an empty packet", 1, packet(), []],
  ])("gives %s", (_, blockSize, input, expected) => {
    expect(new PlainUnpacker(blockSize).unpack(input)).toEqual(expected);
  });

  it("gives copies", () => {
    const input = packet(1, 2, 3);
    const [unit] = new PlainUnpacker().unpack(input);
    input.payload.fill(0);
    expect(unit?.data).toEqual(Buffer.from([1, 2, 3]));
  });
});
