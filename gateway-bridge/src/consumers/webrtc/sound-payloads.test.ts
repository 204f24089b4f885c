import { describe, expect, it } from "@jest/globals";

import { makeSound } from "../../media/testing/units.ts";
import { soundPayloads } from "./sound-payloads.ts";

describe("A piece of sound", () => {
  it("of Opus is one payload, as it is", () => {
    const unit = makeSound({ timestamp: 960, data: Buffer.alloc(600, 1) });
    const payloads = soundPayloads(unit, "opus", 1_200);
    expect(payloads.map(({ payload, ticks }) => [payload.body, ticks])).toEqual([[unit.data, 960]]);
  });

  it("of G.711 is cut into pieces of 60 ms at most, each stamped with its first sample", () => {
    const data = Buffer.from(Array.from({ length: 1_100 }, (_, index) => index & 0xff));
    const payloads = soundPayloads(makeSound({ timestamp: 8_000, data }), "pcmu", 1_200);
    expect(payloads.map(({ payload, ticks }) => [payload.body.length, ticks])).toEqual([
      [480, 8_000],
      [480, 8_480],
      [140, 8_960],
    ]);
    expect(Buffer.concat(payloads.map(({ payload }) => payload.body))).toEqual(data);
  });

  it.each(["opus", "pcma"] as const)("of nothing is nothing: %s", (codec) => {
    expect(soundPayloads(makeSound({ data: Buffer.alloc(0) }), codec, 1_200)).toEqual([]);
  });

  it("of Opus that does not fit a packet is left out", () => {
    expect(soundPayloads(makeSound({ data: Buffer.alloc(1_201) }), "opus", 1_200)).toEqual([]);
  });
});
