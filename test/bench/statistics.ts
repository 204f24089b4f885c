import { seeded } from "../support/seeded.ts";

/** One measured quantity over all rounds. */
export interface Metric {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly n: number;
  readonly unit: string;
}

export type Verdict = "pass" | "fail" | "inconclusive";

/** Ours over a competitor's, or a quantity that has a limit, with its 95 % interval. Not a number (null in JSON): not measured. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly limit: number;
  /** What we aim for beyond the limit; it decides nothing. */
  readonly stretch?: number;
  readonly verdict: Verdict;
}

/** With fewer rounds nothing is concluded. */
export const fewestRounds = 7;

/** Interpolated between the two nearest values. NaN of nothing. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
};

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export const summarize = (values: readonly number[], unit: string): Metric => ({
  median: median(values),
  p10: percentile(values, 0.1),
  p90: percentile(values, 0.9),
  n: values.length,
  unit,
});

/** Passes or fails only when the whole interval lies on one side of the limit. */
export const judge = (interval: Pick<Ratio, "low" | "high">, limit: number, rounds: number): Verdict => {
  if (rounds < fewestRounds) return "inconclusive";
  if (interval.high <= limit) return "pass";
  return interval.low > limit ? "fail" : "inconclusive";
};

/** All pass, or any fails, or it is not known. */
export const judgeAll = (verdicts: readonly Verdict[]): Verdict => {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("inconclusive") ? "inconclusive" : "pass";
};

export interface RatioLimits {
  readonly limit: number;
  readonly stretch?: number;
}

const resamples = 4_000;

/** The bootstrap's 95 % interval of a statistic: the indices are drawn anew, with replacement, many times. */
const bootstrap = (size: number, statistic: (drawn: readonly number[]) => number): Pick<Ratio, "low" | "high"> => {
  const random = seeded(size);
  const draw = (): number => Math.floor(random() * size);
  const values = Array.from({ length: resamples }, () => statistic(Array.from({ length: size }, draw)));
  return { low: percentile(values, 0.025), high: percentile(values, 0.975) };
};

/**
 * The median of the rounds' ratios: the two values of a round were measured next to each other, so a busy moment strikes both.
 */
export const compareRounds = (ours: readonly number[], theirs: readonly number[], limits: RatioLimits): Ratio =>
  boundMedian(
    ours.map((value, round) => value / (theirs[round] ?? Number.NaN)),
    limits,
  );

/** A quantity that has a limit of its own: the median over the rounds. */
export const boundMedian = (values: readonly number[], limits: RatioLimits): Ratio => {
  const interval = bootstrap(values.length, (drawn) => median(drawn.map((index) => values[index] ?? Number.NaN)));
  return { value: median(values), ...interval, ...limits, verdict: judge(interval, limits.limit, values.length) };
};

export interface SharedPercentile {
  /** Which percentile of ours is compared with the median of theirs. */
  readonly share: number;
  readonly limits: RatioLimits;
}

/** A percentile of ours over the median of theirs. */
export const comparePercentile = (
  ours: readonly number[],
  theirs: readonly number[],
  { share, limits }: SharedPercentile,
): Ratio => {
  const rounds = Math.min(ours.length, theirs.length);
  const ratio = (drawn: readonly number[]): number => {
    const pick = (values: readonly number[]): number[] => drawn.map((index) => values[index] ?? Number.NaN);
    return percentile(pick(ours), share) / median(pick(theirs));
  };
  const interval = bootstrap(rounds, ratio);
  const value = ratio(Array.from({ length: rounds }, (_, index) => index));
  return { value, ...interval, ...limits, verdict: judge(interval, limits.limit, rounds) };
};

/** Two-sided 95 % quantiles of Student's t for 1, 2, ... degrees of freedom; the normal one after that. */
const studentT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11];
const normal = 1.96;

export type Point = readonly [x: number, y: number];

const sumOf = (points: readonly Point[], of: (x: number, y: number) => number): number =>
  points.reduce((sum, [x, y]) => sum + of(x, y), 0);

const line = (points: readonly Point[]) => {
  const meanX = sumOf(points, (x) => x) / points.length;
  const meanY = sumOf(points, (_, y) => y) / points.length;
  const spread = sumOf(points, (x) => (x - meanX) ** 2);
  const rise = sumOf(points, (x, y) => (x - meanX) * (y - meanY)) / spread;
  const rest = sumOf(points, (x, y) => (y - meanY - rise * (x - meanX)) ** 2);
  return { rise, rest, spread };
};

/** How much a quantity grows with each one more of another: the least squares line's. */
export const slope = (points: readonly Point[]): number => line(points).rise;

/** The slope with its interval. */
export const boundSlope = (points: readonly Point[], limits: RatioLimits): Ratio => {
  const { rise, rest, spread } = line(points);
  const freedom = points.length - 2;
  const margin = (studentT[freedom - 1] ?? normal) * Math.sqrt(rest / Math.max(1, freedom) / spread);
  const interval = { low: rise - margin, high: rise + margin };
  return { value: rise, ...interval, ...limits, verdict: judge(interval, limits.limit, points.length) };
};

/** A count that has a limit: it is known exactly, however often it was taken. */
export const boundCount = (value: number, limits: RatioLimits): Ratio => {
  const interval = { low: value, high: value };
  return { value, ...interval, ...limits, verdict: judge(interval, limits.limit, fewestRounds) };
};

/** What is concluded where one of the two could not be measured. */
export const notMeasured = (limits: RatioLimits): Ratio => ({
  value: Number.NaN,
  low: Number.NaN,
  high: Number.NaN,
  ...limits,
  verdict: "inconclusive",
});
