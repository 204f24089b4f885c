import type { Competitor, Report } from "./harness.ts";
import { watchHost } from "./host.ts";
import { judgeAll, notMeasured, summarize, type Metric, type Ratio, type RatioLimits } from "./statistics.ts";

/** Measured values by name, each name with its unit. */
export class Samples {
  readonly #values = new Map<string, { readonly unit: string; readonly values: number[] }>();

  add(name: string, value: number, unit: string): void {
    const known = this.#values.get(name) ?? { unit, values: [] };
    known.values.push(value);
    this.#values.set(name, known);
  }

  of(name: string): readonly number[] {
    return this.#values.get(name)?.values ?? [];
  }

  get metrics(): Readonly<Record<string, Metric>> {
    const entries = [...this.#values].map(([name, { values, unit }]) => [name, summarize(values, unit)] as const);
    return Object.fromEntries(entries);
  }
}

interface Rival {
  readonly version: string;
  readonly samples: Samples;
  unavailable?: string;
}

/** What a benchmark writes down while it runs, and its report at the end. */
export class Ledger {
  readonly ours = new Samples();
  readonly #name: string;
  readonly #endWatch = watchHost();
  readonly #rivals = new Map<string, Rival>();
  readonly #ratios: Record<string, Ratio> = {};

  constructor(name: string) {
    this.#name = name;
  }

  /** The values of a competitor. */
  rival(name: string, version: string): Samples {
    const known = this.#rivals.get(name) ?? { version, samples: new Samples() };
    this.#rivals.set(name, known);
    return known.samples;
  }

  /** A competitor that cannot be measured here: its ratios conclude nothing. */
  lacks(name: string, version: string, reason: string): void {
    this.#rivals.set(name, { version, samples: new Samples(), unavailable: reason });
  }

  valuesOf(rival: string, metric: string): readonly number[] {
    return this.#rivals.get(rival)?.samples.of(metric) ?? [];
  }

  isLacking(name: string): boolean {
    return this.#rivals.get(name)?.unavailable !== undefined;
  }

  /** Judges one ratio; without values on either side it stays open. */
  judge(name: string, limits: RatioLimits, compare: () => Ratio | undefined): void {
    this.#ratios[name] = compare() ?? notMeasured(limits);
  }

  report(rounds: number): Report {
    const competitors = [...this.#rivals].map(([name, { version, samples, unavailable }]): [string, Competitor] => [
      name,
      { version, metrics: samples.metrics, ...(unavailable !== undefined && { unavailable }) },
    ]);
    return {
      name: this.#name,
      host: this.#endWatch(),
      rounds,
      metrics: this.ours.metrics,
      competitors: Object.fromEntries(competitors),
      ratios: this.#ratios,
      verdict: judgeAll(Object.values(this.#ratios).map(({ verdict }) => verdict)),
    };
  }
}
