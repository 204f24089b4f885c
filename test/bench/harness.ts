import { watchHost, type Host } from "./host.ts";
import {
  compareRounds,
  judgeAll,
  summarize,
  type Metric,
  type Ratio,
  type RatioLimits,
  type Verdict,
} from "./statistics.ts";

export interface Competitor {
  readonly version: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Why it could not be measured here. */
  readonly unavailable?: string;
}

/** What a benchmark prints as JSON. */
export interface Report {
  readonly name: string;
  readonly host: Host;
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly competitors: Readonly<Record<string, Competitor>>;
  readonly ratios: Readonly<Record<string, Ratio>>;
  readonly verdict: Verdict;
}

export interface RunOptions {
  readonly rounds: number;
  /** Few viewers and short windows: shows that it runs, and concludes nothing. */
  readonly quick: boolean;
  /** Told of progress. */
  readonly note: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** Unless told otherwise. */
  readonly rounds: number;
  run(options: RunOptions): Promise<Report>;
}

/** Work whose CPU time is measured. */
export interface Contender {
  /** Does some of the work, and returns how many units of it were done. */
  readonly work: () => number;
}

export interface CpuComparison {
  readonly name: string;
  readonly rounds: number;
  /** Of the metric and the ratio: what one unit costs. */
  readonly metric: string;
  readonly unit: string;
  readonly ours: Contender;
  readonly competitor: Contender & { readonly name: string; readonly version: string };
  readonly limits: RatioLimits;
}

/** CPU time of one slice, long against the clock's grain and short against the machine's moods. */
const sliceMicroseconds = 200_000;

/** CPU microseconds of this process per unit, garbage collection and compilation included. */
const measureSlice = ({ work }: Contender): number => {
  // What the other contender left behind is not charged to this one.
  globalThis.gc?.();
  const start = process.cpuUsage();
  let units = 0;
  for (;;) {
    units += work();
    const used = process.cpuUsage(start);
    if (used.user + used.system >= sliceMicroseconds) return (used.user + used.system) / units;
  }
};

/** Measures both by turns, A/B/A/B, after one slice each that warms up. */
export const compareCpu = async (comparison: CpuComparison): Promise<Report> => {
  const { name, rounds, metric, unit, ours, competitor, limits } = comparison;
  const endWatch = watchHost();
  measureSlice(ours);
  measureSlice(competitor);
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    own.push(measureSlice(ours));
    theirs.push(measureSlice(competitor));
  }
  const ratio = compareRounds(own, theirs, limits);
  return {
    name,
    host: endWatch(),
    rounds,
    metrics: { [metric]: summarize(own, unit) },
    competitors: {
      [competitor.name]: { version: competitor.version, metrics: { [metric]: summarize(theirs, unit) } },
    },
    ratios: { [`${metric}/${competitor.name}`]: ratio },
    verdict: judgeAll([ratio.verdict]),
  };
};
