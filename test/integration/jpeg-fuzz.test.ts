import { expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";

import { readJpegSize } from "../../gateway-bridge/src/protocols/jpeg/jpeg-size.ts";
import { fuzz } from "../support/fuzz.ts";

/** Markers, lengths and sizes that a mutation puts where they hurt. */
const dictionary = [
  "\xff\xd8",
  "\xff\xc0",
  "\xff\xc2",
  "\xff\xda",
  "\xff\xff",
  "\xff\x00",
  "\x00\x00",
  "\xff\xd0",
  "\xff\xc4",
];

it("reads the size of pictures of a camera, and survives every mutation of their headers", async () => {
  const stills = await Promise.all(
    [1, 2].map((n) => readFile(new URL(`../simulator/clip/still-${n}.jpg`, import.meta.url))),
  );
  expect(stills.map(readJpegSize)).toEqual([
    { width: 1280, height: 720 },
    { width: 1280, height: 720 },
  ]);
  let read = 0;
  let refused = 0;
  fuzz(
    (input) => {
      const size = readJpegSize(input);
      if (size === undefined) {
        refused += 1;
        return;
      }
      read += 1;
      if (!(size.width > 0 && size.height > 0 && size.width <= 65_535 && size.height <= 65_535)) {
        throw new Error(`a picture of ${size.width}x${size.height}`);
      }
    },
    { corpus: stills.map((still) => still.subarray(0, 2_048)), dictionary },
  );
  // Mutations that reach the reader's every end, not its first line alone.
  expect(Math.min(read, refused)).toBeGreaterThan(1_000);
});
