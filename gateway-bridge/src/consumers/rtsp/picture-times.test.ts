import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { PictureTimes } from "./picture-times.ts";

interface Picture {
  /** When it is shown, in ticks. */
  readonly at: number;
  readonly latest: boolean;
}

interface Film {
  /** In the order in which they are sent. */
  readonly pictures: readonly Picture[];
  /** How many of them are stored when the reader comes. */
  readonly stored: number;
  /** Milliseconds between two that are sent from the store. */
  readonly paces: readonly number[];
  /** How long after it could be shown the last stored picture came, in ms: what a camera and its way take. */
  readonly lag: number;
}

/** Groups of one picture that others lean on, and the B-frames that are shown before it and sent after it, in any order. */
const films: fc.Arbitrary<Film> = fc
  .record({
    groups: fc.array(
      fc.integer({ min: 0, max: 15 }).chain((frames) =>
        fc.record({
          spacing: fc.integer({ min: 900, max: 6_000 }),
          order: fc.shuffledSubarray(Array.from({ length: frames }, (_, index) => index + 1)),
          size: fc.constant(frames + 1),
        }),
      ),
      { minLength: 2, maxLength: 40 },
    ),
    beginning: fc.integer({ min: 0, max: 2 ** 34 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    paces: fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 1, maxLength: 20 }),
    lag: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ groups, beginning, share, paces, lag }) => {
    let last = beginning;
    const pictures: Picture[] = [{ at: last, latest: true }];
    for (const { spacing, order, size } of groups) {
      pictures.push(...[size, ...order].map((place) => ({ at: last + place * spacing, latest: false })));
      last += size * spacing;
    }
    return { pictures, stored: 1 + Math.floor(share * (pictures.length - 1)), paces, lag };
  });

interface Stamped extends Picture {
  readonly stamp: number;
}

/** What a reader is sent: the stored pictures in a burst, dated now; then each as the camera dates it. */
const play = (times: PictureTimes, { pictures, stored, paces, lag }: Film): Stamped[] => {
  let now = Math.max(...pictures.slice(0, stored).map(({ at }) => at)) + lag * 90;
  return pictures.map((picture, index) => {
    now += (paces[index % paces.length] ?? 0) * 90;
    return { ...picture, stamp: times.stamp({ ...picture, wanted: index < stored ? now : picture.at }) };
  });
};

const asShown = (stamped: readonly Stamped[]): Stamped[] => stamped.toSorted((one, two) => one.at - two.at);

describe("PictureTimes", () => {
  it("lets time rise as the pictures are shown, wherever a reader comes in, and whatever their order", () => {
    fc.assert(
      fc.property(films, (film) => {
        const shown = asShown(play(new PictureTimes(-1), film));
        expect(shown.every(({ stamp }, index) => index === 0 || stamp > (shown[index - 1]?.stamp ?? 0))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is never before the camera's own time, comes nearer to it with each live picture, and stays there", () => {
    fc.assert(
      fc.property(films, (film) => {
        const stamped = play(new PictureTimes(-1), film);
        const newest = Math.max(...stamped.slice(0, film.stored).map(({ at }) => at));
        const ahead = asShown(stamped)
          .filter(({ at }) => at >= newest)
          .map(({ at, stamp }) => stamp - at);
        // Between two moments they lie on a line, but for what is lost by whole ticks.
        expect(ahead.every((ticks, index) => ticks >= 0 && ticks <= (ahead[index - 1] ?? Infinity) + 1)).toBe(true);
        const arrived = ahead.indexOf(0);
        if (arrived >= 0) expect(new Set(ahead.slice(arrived))).toEqual(new Set([0]));
      }),
      { numRuns: 1_000 },
    );
  });

  it("begins behind what the reader has seen", () => {
    fc.assert(
      fc.property(films, fc.integer({ min: -1, max: 2 ** 34 }), (film, highest) => {
        const stamped = play(new PictureTimes(highest), film);
        expect(stamped.every(({ stamp }) => Number.isSafeInteger(stamp) && stamp > highest)).toBe(true);
      }),
    );
  });

  it("goes on behind everything when a picture is dated back that is shown after all others, and is at the camera's own time again once that has caught up", () => {
    const times = new PictureTimes(-1);
    const live = (at: number, latest = false): number => times.stamp({ at, latest, wanted: at });
    expect([live(90_000, true), live(93_600), live(90_000, true)]).toEqual([90_000, 93_600, 93_633]);
    expect([live(91_800), live(97_200)]).toEqual([93_665, 97_200]);
  });

  it("dates pictures that are sent after a key picture and shown before it between it and the one before", () => {
    const times = new PictureTimes(-1);
    const live = (at: number, latest = false): number => times.stamp({ at, latest, wanted: at });
    // A reader that begins there cannot decode them, but they are sent.
    const [key, leading] = [live(90_000, true), live(86_400)];
    expect([key, key - leading > 0 && key - leading < 32]).toEqual([90_000, true]);
    expect([live(93_600), live(104_400, true), live(97_200), live(100_800)]).toEqual([
      93_600, 104_400, 97_200, 100_800,
    ]);
  });
});
