import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { placePicture, type DecodeAssumptions, type DecodeState, type PictureTimes } from "./decode-times.ts";

const frame = 3_600;
const unknown: DecodeAssumptions = { fps: 0, reorder: undefined };

/** Places pictures given by their presentation times; the first is a key picture, as are those named. */
const place = (timestamps: readonly number[], keys: readonly number[] = [0], assumed = unknown): PictureTimes[] => {
  let state: DecodeState | undefined;
  return timestamps.map((timestamp, index) => {
    const times = placePicture({ timestamp, key: keys.includes(index) }, state, assumed);
    state = times.next;
    return times;
  });
};
const frames = (...order: readonly number[]): number[] => order.map((index) => index * frame);

describe("placePicture", () => {
  it("decodes pictures that come in order at the time of their presentation", () => {
    const placed = place(frames(10, 11, 12, 13));
    expect(placed.map(({ decodeTime }) => decodeTime)).toEqual(frames(10, 11, 12, 13));
    expect(placed.every(({ offset, duration }) => offset === 0 && duration === frame)).toBe(true);
  });

  it("puts decoding back by one picture once it has seen that the stream reorders", () => {
    const order = frames(10, 13, 11, 12, 16, 14, 15, 19, 17, 18, 22, 20, 21);
    const placed = place(order);
    // From the fifth picture on, in order and one place back, at an even pace.
    expect(placed.slice(4).map(({ decodeTime }) => decodeTime / frame)).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21]);
    placed.forEach(({ decodeTime, offset }, index) => expect(decodeTime + offset).toBe(order[index]));
    expect(placed.slice(4).every(({ offset }) => offset >= 0)).toBe(true);
  });

  it("goes by what the stream says of its order and rate from the first picture on", () => {
    const placed = place(frames(20, 26, 22, 24, 32, 28, 30), [0], { fps: 12.5, reorder: 1 });
    expect(placed.map(({ decodeTime }) => decodeTime / frame)).toEqual([18, 20, 22, 24, 26, 28, 30]);
    expect(placed.every(({ offset, duration }) => offset >= 0 && duration === 2 * frame)).toBe(true);
  });

  it("learns the rate of a slow camera that does not tell it, without a step that a browser takes for a gap", () => {
    const placed = place(Array.from({ length: 20 }, (_, index) => index * 90_000));
    placed.slice(1).forEach(({ decodeTime }, index) => {
      const before = placed[index]!;
      expect(decodeTime - before.decodeTime).toBeLessThanOrEqual(2 * before.duration);
    });
    expect(placed.at(-1)).toMatchObject({ decodeTime: 19 * 90_000, offset: 0, duration: 90_000 });
  });

  it("lets the offset take up pictures that are missing", () => {
    const placed = place(frames(0, 1, 2, 6, 7, 8, 9, 10));
    expect(placed[3]).toMatchObject({ decodeTime: 4 * frame, offset: 2 * frame });
    expect(placed.at(-1)).toMatchObject({ decodeTime: 10 * frame, offset: 0 });
    // What is missing says nothing of how long the others last.
    expect(placed.every(({ duration }) => duration === frame)).toBe(true);
  });

  it("begins anew with a key picture after the camera was away", () => {
    const placed = place([0, frame, 50 * frame, 51 * frame], [0, 2]);
    expect(placed[2]).toMatchObject({ decodeTime: 50 * frame, offset: 0, duration: frame });
    expect(placed[3]).toMatchObject({ decodeTime: 51 * frame, offset: 0 });
  });

  it("never steps back, never leaves a gap within a GOP, and always adds up to the presentation time", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: -30_000, max: 200_000 }), fc.boolean()), { minLength: 2 });
    fc.assert(
      fc.property(steps, (moves) => {
        let state: DecodeState | undefined;
        let timestamp = 1_000_000;
        for (const [step, key] of moves) {
          timestamp = Math.max(0, timestamp + step);
          const times = placePicture({ timestamp, key: key || state === undefined }, state, unknown);
          expect(times.decodeTime + times.offset).toBe(timestamp);
          expect(times.decodeTime).toBeGreaterThanOrEqual(0);
          expect(times.duration).toBeGreaterThan(0);
          if (state !== undefined) {
            expect(times.decodeTime).toBeGreaterThan(state.decodeTime);
            if (!key) expect(times.decodeTime - state.decodeTime).toBeLessThanOrEqual(2 * state.duration);
          }
          state = times.next;
        }
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});
