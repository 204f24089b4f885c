import { describe, expect, it } from "@jest/globals";

import { Ring } from "./ring.ts";
import { makePicture, makePictures, makeSound } from "./testing/units.ts";

const fill = (ring: Ring, units: Parameters<Ring["push"]>[0][]): void => units.forEach((unit) => ring.push(unit));

describe("Ring", () => {
  it("keeps nothing before the first key picture", () => {
    const ring = new Ring({ maxBytes: 1_000 });
    fill(ring, [makePicture(), makeSound()]);
    expect(ring.newest()).toEqual([]);
    expect(ring.bytes).toBe(0);
  });

  it("holds the newest GOP with its sound, as the very units that came", () => {
    const ring = new Ring({ maxBytes: 10_000 });
    const newest = [makePicture({ key: true }), makeSound(), makePicture()];
    fill(ring, [...makePictures({ count: 5 }), ...newest]);
    expect(ring.newest()).toHaveLength(3);
    ring.newest().forEach((unit, index) => expect(unit).toBe(newest[index]));
    expect(ring.bytes).toBe(240);
  });

  it("keeps as many whole GOPs as cover the pre-roll", () => {
    const ring = new Ring({ maxBytes: 100_000, prerollMs: 4_000 });
    for (let gop = 0; gop < 6; gop += 1) fill(ring, makePictures({ count: 50, arrivedAt: gop * 2_000 }));
    // The newest unit came at 11,960 ms: 4 s before lies in the GOP that began at 6 s.
    expect(ring.all()[0]).toMatchObject({ key: true, arrivedAt: 6_000 });
    expect(ring.all()).toHaveLength(150);
    expect(ring.newest()).toHaveLength(50);
  });

  it("tells what came since a moment from the key picture before it, or from its oldest one", () => {
    const ring = new Ring({ maxBytes: 100_000, prerollMs: 4_000 });
    expect(ring.since(0)).toEqual([]);
    for (let gop = 0; gop < 4; gop += 1) fill(ring, makePictures({ count: 50, arrivedAt: gop * 2_000 }));
    const startOf = (moment: number): number | undefined => ring.since(moment)[0]?.arrivedAt;
    // The ring's oldest GOP covers 3,960 ms: it began at 2 s.
    expect([0, 2_000, 3_999, 4_000, 5_500, 7_999, Infinity].map(startOf)).toEqual([
      2_000, 2_000, 2_000, 4_000, 4_000, 6_000, 6_000,
    ]);
    expect(ring.since(4_500)).toHaveLength(100);
  });

  it("gives up pre-roll before it exceeds its bytes", () => {
    const ring = new Ring({ maxBytes: 1_100, prerollMs: 60_000 });
    for (let gop = 0; gop < 4; gop += 1) fill(ring, makePictures({ count: 5, arrivedAt: gop * 200 }));
    expect(ring.bytes).toBeLessThanOrEqual(1_100);
    expect(ring.all()).toHaveLength(10);
    expect(ring.overflows).toBe(0);
  });

  it("lets a GOP go that is too large, counts it and waits for the next key picture", () => {
    const ring = new Ring({ maxBytes: 450 });
    fill(ring, makePictures({ count: 6 }));
    expect(ring.newest()).toEqual([]);
    expect(ring.overflows).toBe(1);
    fill(ring, makePictures({ count: 2, arrivedAt: 1_000 }));
    expect(ring.newest()).toHaveLength(2);
  });

  it("keeps its bytes in step with what it holds", () => {
    const ring = new Ring({ maxBytes: 5_000, prerollMs: 300 });
    for (let gop = 0; gop < 200; gop += 1) {
      fill(ring, makePictures({ count: 1 + (gop % 7), arrivedAt: gop * 280, size: 100 + ((gop * 37) % 900) }));
      expect(ring.bytes).toBe(ring.all().reduce((bytes, unit) => bytes + unit.bytes, 0));
      expect(ring.bytes).toBeLessThanOrEqual(5_000);
    }
  });
});

describe("Ring, of memory that was lent", () => {
  /** Pictures that lie in memory which tells when it was given back. */
  const lend = (ring: Ring, gops: number, size = 100): number[] => {
    const released: number[] = [];
    for (let gop = 0; gop < gops; gop += 1) {
      makePictures({ count: 3, arrivedAt: gop * 1_000, size }).forEach((unit, index) =>
        ring.push(unit, { release: () => released.push(gop * 3 + index) }),
      );
    }
    return released;
  };

  it("gives back what nobody has seen, when it is forgotten and not before", () => {
    const released = lend(new Ring({ maxBytes: 10_000 }), 3);
    expect(released).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each<readonly [string, (ring: Ring) => unknown]>([
    ["the newest GOP", (ring) => ring.newest()],
    ["what came since a moment", (ring) => ring.since(2_000)],
    ["everything", (ring) => ring.all()],
  ])("keeps its hands off what it has shown: %s", (_, look) => {
    const ring = new Ring({ maxBytes: 10_000 });
    const released = lend(ring, 3);
    look(ring);
    released.length = 0;
    const later = lend(ring, 2);
    expect(released).toEqual([]);
    expect(later).toEqual([0, 1, 2]);
  });

  it("gives back what comes into a GOP after it was shown", () => {
    const ring = new Ring({ maxBytes: 10_000 });
    const released = lend(ring, 1);
    ring.newest();
    ring.push(makePicture(), { release: () => released.push(99) });
    ring.push(makePicture({ key: true }));
    expect(released).toEqual([99]);
  });

  it("gives everything back when it is cleared, or a GOP outgrows it", () => {
    const ring = new Ring({ maxBytes: 10_000 });
    const cleared = lend(ring, 1);
    ring.clear();
    expect(cleared).toEqual([0, 1, 2]);
    const outgrown = lend(new Ring({ maxBytes: 250 }), 1);
    expect(outgrown).toEqual([0, 1, 2]);
  });
});
