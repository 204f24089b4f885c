import { describe, expect, it } from "@jest/globals";

import { PacketPace } from "./packet-pace.ts";

describe("PacketPace", () => {
  it("lets an ordinary picture go at once", () => {
    const pace = new PacketPace();
    expect(pace.take(64, 1_000)).toBe(64);
    expect(pace.take(40, 1_040)).toBe(40);
  });

  it("spreads a large picture at ten packets a ms", () => {
    const pace = new PacketPace();
    let [left, now] = [464, 0];
    const taken: number[] = [];
    while (left > 0) {
      const count = pace.take(left, now);
      taken.push(count);
      left -= count;
      if (left > 0) now += pace.waitMs(left);
    }
    expect(now).toBe(40);
    expect(Math.max(...taken)).toBe(64);
    expect(taken.slice(1).every((count) => count <= 40)).toBe(true);
  });

  it("makes no burst of the time in which nothing was sent", () => {
    const pace = new PacketPace();
    pace.take(64, 0);
    expect(pace.take(500, 60_000)).toBe(64);
  });

  it("lets a late timer make up for what it missed, up to a burst", () => {
    const pace = new PacketPace();
    pace.take(64, 0);
    expect(pace.take(500, 5)).toBe(50);
    expect(pace.take(500, 25)).toBe(64);
  });

  it("waits no shorter than a timer is worth", () => {
    const pace = new PacketPace();
    pace.take(64, 0);
    expect(pace.waitMs(1)).toBe(2);
    expect(pace.waitMs(25)).toBe(3);
    expect(pace.waitMs(1_000)).toBe(4);
  });
});
