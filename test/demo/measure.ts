/** How a measured quantity is spread. Milliseconds. */
export interface Spread {
  readonly median: number;
  readonly p90: number;
  readonly n: number;
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const round = (value: number): number => Math.round(value * 10) / 10;

export const spread = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: round(at(sorted, 0.5)), p90: round(at(sorted, 0.9)), n: sorted.length };
};
