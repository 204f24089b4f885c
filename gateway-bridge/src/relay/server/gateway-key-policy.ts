/** A key that a gateway may come with. */
export interface NotedKey {
  readonly pin: string;
  /** When the relay was told of it, Unix milliseconds. */
  readonly noted: number;
}

/** How long the key that a gateway came with stays good once the next one is known. */
export const keyOverlapMs = 7 * 86_400_000;

/**
 * Of a gateway's keys those that are good now, the oldest first. The next key takes the place of the one before with its first use, or when
 * it has been known for long enough.
 */
export const goodKeys = (keys: readonly NotedKey[], now: number): readonly NotedKey[] => {
  const sorted = keys.toSorted((a, b) => a.noted - b.noted);
  const newest = sorted.at(-1);
  if (newest === undefined) return [];
  return newest.noted + keyOverlapMs > now ? sorted : [newest];
};
