import type { PassphraseCost } from "./passphrase-header.ts";

const mebibyte = 1_024;

/**
 * What a guess at a new file's passphrase costs: 256 MiB three times over, above the second choice of RFC 9106 4; less on a box
 * where that would be more than a quarter of its memory.
 */
export const costOfGuess = (memoryBytes: number): PassphraseCost => {
  const quarter = memoryBytes / 4 / 1_024;
  const memory = [256 * mebibyte, 128 * mebibyte].find((size) => size <= quarter) ?? 64 * mebibyte;
  return { memory, passes: 3, lanes: 1 };
};
