import { describe, expect, it } from "@jest/globals";

import { PacketHistory } from "./packet-history.ts";

const packet = (sequence: number) => ({
  sequence,
  timestamp: 0,
  marker: false,
  prefix: Buffer.alloc(0),
  body: Buffer.from([sequence & 0xff]),
});

describe("Packets that may be asked for again", () => {
  it("are kept across the wrap of their numbers", () => {
    const history = new PacketHistory();
    for (let index = 65_500; index < 65_600; index += 1) history.add(packet(index & 0xffff));
    expect([65_500, 65_535, 0, 63].map((sequence) => history.take(sequence, 0)?.sequence)).toEqual([
      65_500, 65_535, 0, 63,
    ]);
    expect(history.take(64, 0)).toBeUndefined();
  });

  it("are forgotten when a thousand newer ones were sent", () => {
    const history = new PacketHistory();
    for (let index = 0; index <= 1_024; index += 1) history.add(packet(index));
    expect(history.take(0, 0)).toBeUndefined();
    expect(history.take(1, 0)?.sequence).toBe(1);
  });

  it("are given once within 25 ms, so that a flood of requests cannot multiply what is sent", () => {
    const history = new PacketHistory();
    history.add(packet(7));
    expect([0, 10, 24, 25, 30, 50].map((now) => history.take(7, now) !== undefined)).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });
});
