import { describe, expect, it } from "@jest/globals";

import { makePicture, makeSound } from "../testing/units.ts";
import { InheritedTimeline } from "./inherited-timeline.ts";

const base = { positionAt: (monotonic: number) => monotonic - 7 };

describe("InheritedTimeline", () => {
  it("leaves timestamps as they are, out-of-order pictures included, and asks its base what is live", () => {
    const timeline = new InheritedTimeline(base);
    const placed = [3_000, 9_000, 6_000, 12_000].map((timestamp) => timeline.place(makePicture({ timestamp })));
    expect(placed).toEqual([3_000, 9_000, 6_000, 12_000]);
    expect(timeline.positionAt(100)).toBe(93);
  });

  it("goes on in smallest steps where it begins anew in its past, until it has caught up", () => {
    const timeline = new InheritedTimeline(base);
    for (const timestamp of [3_000, 6_000]) timeline.place(makePicture({ timestamp }));
    timeline.place(makeSound({ timestamp: 500 }));
    timeline.restart();
    const placed = [0, 3_000, 6_000, 9_000, 12_000].map((timestamp) => timeline.place(makePicture({ timestamp })));
    expect(placed).toEqual([6_001, 6_002, 6_003, 9_000, 12_000]);
    expect(timeline.place(makeSound({ timestamp: 480 }))).toBe(501);
    expect(timeline.place(makeSound({ timestamp: 1_460 }))).toBe(1_460);
  });
});
