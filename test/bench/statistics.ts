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

/** Ours over a competitor's, with its 95 % interval. */
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

/**
 * The median of the rounds' ratios: the two values of a round were measured next to each other, so a busy moment strikes both.
 * The interval is the bootstrap's: the rounds are drawn anew, with replacement, many times.
 */
export const compareRounds = (ours: readonly number[], theirs: readonly number[], limits: RatioLimits): Ratio => {
  const ratios = ours.map((value, round) => value / (theirs[round] ?? Number.NaN));
  const random = seeded(ratios.length);
  const draw = (): number => ratios[Math.floor(random() * ratios.length)] ?? Number.NaN;
  const medians = Array.from({ length: resamples }, () => median(ratios.map(draw)));
  const interval = { low: percentile(medians, 0.025), high: percentile(medians, 0.975) };
  return { value: median(ratios), ...interval, ...limits, verdict: judge(interval, limits.limit, ratios.length) };
};
