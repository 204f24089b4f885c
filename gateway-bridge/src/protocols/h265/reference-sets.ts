import type { BitReader } from "../nal/bit-reader.ts";

/** What a short-term reference picture set points to: picture order, as differences from the picture's own. */
interface ReferenceSet {
  /** Earlier pictures, nearest first. */
  readonly before: readonly number[];
  /** Later pictures, nearest first. */
  readonly after: readonly number[];
}

const maxSets = 64;
const maxPictures = 16;

// ITU-T H.265 7.3.7, with the values of 7-61 and 7-62
const readPredicted = (bits: BitReader, { before, after }: ReferenceSet): ReferenceSet => {
  const negative = bits.flag();
  const size = bits.unsigned() + 1;
  const delta = negative ? -size : size;
  const count = before.length + after.length;
  // For each picture of the other set, and for the one that the other set is of: whether it is in this set.
  const kept = Array.from({ length: count + 1 }, () => bits.flag() || bits.flag());
  const all = [...before, ...after, 0].map((difference) => difference + delta).filter((_, index) => kept[index]);
  return {
    before: all.filter((difference) => difference < 0).toSorted((a, b) => b - a),
    after: all.filter((difference) => difference > 0).toSorted((a, b) => a - b),
  };
};

const readDifferences = (bits: BitReader, count: number, sign: 1 | -1): readonly number[] => {
  let difference = 0;
  return Array.from({ length: count }, () => {
    difference += sign * (bits.unsigned() + 1);
    bits.skip(1);
    return difference;
  });
};

/** Reads past the short-term reference picture sets of a sequence. False when there are more than can be. ITU-T H.265 7.3.7 */
export const skipReferenceSets = (bits: BitReader): boolean => {
  const count = bits.unsigned();
  if (count > maxSets) return false;
  let last: ReferenceSet | undefined;
  for (let index = 0; index < count && !bits.ended; index += 1) {
    if (last !== undefined && bits.flag()) last = readPredicted(bits, last);
    else {
      const [before, after] = [bits.unsigned(), bits.unsigned()];
      if (before > maxPictures || after > maxPictures) return false;
      last = { before: readDifferences(bits, before, -1), after: readDifferences(bits, after, 1) };
    }
    if (last.before.length + last.after.length > 2 * maxPictures) return false;
  }
  return true;
};
