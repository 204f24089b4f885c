import { describe, expect, it } from "@jest/globals";

import { Timeline } from "./timeline.ts";
import { makePicture, makeSound } from "./testing/units.ts";

const rate = 90_000;
const placer = (timeline: Timeline) => (timestamp: number, arrivedAt: number) =>
  timeline.place(makePicture({ timestamp, arrivedAt }), rate);

describe("Timeline", () => {
  it("begins at zero whatever the camera's first timestamp is", () => {
    const place = placer(new Timeline());
    expect(place(3_000_000_000, 50)).toBe(0);
    expect(place(3_000_003_600, 90)).toBe(3_600);
  });

  it("keeps the camera's own distances, however the network jitters", () => {
    const place = placer(new Timeline());
    const arrivals = [0, 95, 96, 97, 130, 4_000, 4_001];
    expect(arrivals.map((arrivedAt, index) => place(index * 3_600, arrivedAt))).toEqual(
      arrivals.map((_, index) => index * 3_600),
    );
  });

  it("goes on by the time that passed after a reconnect", () => {
    const timeline = new Timeline();
    const place = placer(timeline);
    place(1_000, 0);
    place(4_600, 40);
    timeline.restart();
    expect(place(77_000_000, 5_040)).toBe(3_600 + 5 * rate);
    expect(place(77_003_600, 5_080)).toBe(3_600 + 5 * rate + 3_600);
  });

  it("steps forward by at least a tick when a reconnect takes no time at all", () => {
    const timeline = new Timeline();
    const place = placer(timeline);
    place(0, 0);
    place(90_000, 10);
    timeline.restart();
    expect(place(5, 10)).toBe(90_001);
  });

  it.each([
    ["set back by an hour", -3_600],
    ["set ahead by an hour", 3_600],
  ])("takes a clock that is %s within one connection for a new beginning", (_title, seconds) => {
    const place = placer(new Timeline());
    const start = 10_000 * rate;
    place(start, 0);
    place(start + 3_600, 40);
    expect(place(start + 7_200 + seconds * rate, 80)).toBe(7_200);
    expect(place(start + 10_800 + seconds * rate, 120)).toBe(10_800);
  });

  it("lets pictures that the camera reorders keep their times", () => {
    const place = placer(new Timeline());
    const order = [0, 3, 1, 2, 6, 4, 5];
    expect(order.map((picture, index) => place(picture * 3_600, index * 40))).toEqual(order.map((p) => p * 3_600));
  });

  it("does not stretch time over a jam whose pictures come late in one burst", () => {
    const place = placer(new Timeline());
    for (let index = 0; index < 10; index += 1) place(index * 3_600, index * 40);
    const late = Array.from({ length: 250 }, (_, index) => place((10 + index) * 3_600, 10_400));
    expect(late.at(-1)).toBe(259 * 3_600);
  });

  it("puts picture and sound on one zero", () => {
    const timeline = new Timeline();
    timeline.place(makePicture({ timestamp: 500, arrivedAt: 1_000 }), rate);
    expect(timeline.place(makeSound({ timestamp: 9_999_999, arrivedAt: 1_250 }), 48_000)).toBe(12_000);
  });

  it("knows which media time is live, by the unit that came the shortest way", () => {
    const timeline = new Timeline();
    expect(timeline.positionAt(5)).toBe(0);
    const place = placer(timeline);
    place(0, 100); // late by 60 ms
    place(9_000, 140);
    place(18_000, 290);
    expect(timeline.positionAt(300)).toBeCloseTo(260, 0);
  });

  it("never steps back farther than pictures are reordered, whatever a camera sends", () => {
    const timeline = new Timeline();
    let highest = -1;
    let state = 12_345;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    let arrivedAt = 0;
    let timestamp = 0;
    for (let index = 0; index < 5_000; index += 1) {
      arrivedAt += random(100);
      timestamp = random(50) === 0 ? random(2 ** 31) : timestamp + 3_600;
      if (random(200) === 0) timeline.restart();
      const placed = timeline.place(makePicture({ timestamp, arrivedAt }), rate);
      expect(placed).toBeGreaterThanOrEqual(highest - rate / 2);
      highest = Math.max(highest, placed);
    }
  });
});
