import { describe, expect, it } from "@jest/globals";

import { makePicture, parameterSets, reorderingSets, videoTrack } from "../../media/testing/units.ts";
import { PictureOrder } from "./picture-order.ts";

const key = (before: readonly Buffer[]) => makePicture({ key: true, before });
const without = key([parameterSets.sps, parameterSets.pps]);
const reordering = key([reorderingSets.sps, reorderingSets.pps]);
const other = makePicture();

describe("PictureOrder", () => {
  it("takes every picture for the latest where the camera says that it sends them in order", () => {
    const order = new PictureOrder(videoTrack);
    expect([without, other, key([]), other].map((unit) => order.isLatest(unit))).toEqual([true, true, true, true]);
  });

  it("takes key pictures alone for it where there may be B-frames, or nothing is known", () => {
    const order = new PictureOrder(videoTrack);
    expect([other, key([]), other].map((unit) => order.isLatest(unit))).toEqual([false, true, false]);
    expect([reordering, other].map((unit) => order.isLatest(unit))).toEqual([true, false]);
  });

  it("follows a camera that begins to send B-frames, and ceases", () => {
    const order = new PictureOrder(videoTrack);
    const seen = [without, other, reordering, other, without, other].map((unit) => order.isLatest(unit));
    expect(seen).toEqual([true, true, true, false, true, true]);
  });
});
