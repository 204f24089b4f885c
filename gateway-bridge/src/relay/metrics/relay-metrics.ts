import { Counter, Gauge, Histogram, Registry } from "prom-client";

import type { RelayFigures } from "../server/relay.ts";

export interface RelayMetricsOptions {
  readonly version: string;
  readonly figures: () => RelayFigures;
  /** Gateways that may come. */
  readonly enrolled: () => number;
  /** Tells how many ms each channel took to open. */
  readonly onOpened: (listener: (tookMs: number) => void) => Disposable;
  /** Adds figures of its own to the registry, and sets them at every scrape: the process's. */
  readonly process: (registry: Registry) => { collect(): Promise<void> } & Disposable;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly of: (figures: RelayFigures) => number;
}
interface LabelledMetric {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly of: (figures: RelayFigures) => Readonly<Record<string, number>>;
}

const gauges: readonly Metric[] = [
  { name: "tunnels", help: "Gateways that are connected, and said whom they admit.", of: ({ tunnels }) => tunnels.live },
  { name: "tunnels_coming", help: "Gateways that are connected, and have not said yet.", of: ({ tunnels }) => tunnels.coming },
  { name: "channels", help: "Channels between a device and its gateway.", of: ({ channels }) => channels },
  { name: "spare_connections", help: "Connections of gateways that wait for a channel.", of: ({ spareConnections }) => spareConnections },
  { name: "strangers", help: "Connections of those who have proven nothing yet.", of: ({ strangers }) => strangers },
  { name: "handshakes", help: "TLS handshakes under way.", of: ({ handshakes }) => handshakes },
  { name: "handshakes_waiting", help: "Connections that wait for their handshake.", of: ({ waiting }) => waiting },
  { name: "draining", help: "Whether it lets nobody new in.", of: ({ draining }) => Number(draining) },
]; // prettier-ignore

const counters: readonly LabelledMetric[] = [
  { name: "admissions_total", help: "Devices that knocked, by how that came out.", label: "reason", of: ({ knocks }) => knocks },
  { name: "enrolments_total", help: "Gateways that brought an invite, by how that came out.", label: "reason", of: ({ enrolments }) => enrolments },
  { name: "tunnels_ended_total", help: "Tunnels that ended, by why.", label: "reason", of: ({ tunnels }) => tunnels.ended },
  { name: "turned_away_total", help: "Connections that were closed without a word, by why.", label: "reason", of: ({ turnedAway: { full, crowded, unknownGateways } }) => ({ full, crowded, "unknown-gateway": unknownGateways }) },
  { name: "bytes_total", help: "What channels carried.", label: "direction", of: ({ bytes: { toGateway, toDevice } }) => ({ "to-gateway": toGateway, "to-device": toDevice }) },
  { name: "stalled_seconds_total", help: "How long channels waited, all together, for those who take too little.", label: "direction", of: ({ stalledMs: { toGateway, toDevice } }) => ({ "to-gateway": toGateway / 1_000, "to-device": toDevice / 1_000 }) },
]; // prettier-ignore

/** Of how long it takes until a channel stands: a shared one is a round trip, one of its own may have to be dialled. In seconds. */
const openBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * The relay's figures for Prometheus. No label tells one gateway or device from another. But for how long
 * channels take to open, nothing is counted here: it is read when asked for.
 */
export class RelayMetrics implements Disposable {
  readonly registry = new Registry();
  readonly #options: RelayMetricsOptions;
  readonly #process: ReturnType<RelayMetricsOptions["process"]>;
  readonly #opened: Disposable;
  readonly #enrolled: Gauge;
  readonly #gauges: readonly (readonly [Gauge, Metric])[];
  readonly #counters: readonly (readonly [Counter, LabelledMetric])[];

  constructor(options: RelayMetricsOptions) {
    const registers = [this.registry];
    const named = ({ name, help }: Pick<Metric, "name" | "help">) => ({
      name: `gatehouse_relay_${name}`,
      help,
      registers,
    });
    this.#options = options;
    new Gauge({ ...named({ name: "build_info", help: "Which Gatehouse this is." }), labelNames: ["version"] }).set(
      { version: options.version },
      1,
    );
    this.#enrolled = new Gauge(named({ name: "gateways", help: "Gateways that may come." }));
    this.#gauges = gauges.map((metric) => [new Gauge(named(metric)), metric]);
    this.#counters = counters.map((metric) => [new Counter({ ...named(metric), labelNames: [metric.label] }), metric]);
    const help = "From a device's proof until its channel stood.";
    const opening = new Histogram({ ...named({ name: "open_seconds", help }), buckets: openBuckets });
    this.#opened = options.onOpened((tookMs) => opening.observe(tookMs / 1_000));
    this.#process = options.process(this.registry);
  }

  /** The text format of Prometheus, version 0.0.4. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    await this.#process.collect();
    this.#collect(this.#options.figures());
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
    this.#process[Symbol.dispose]();
    this.registry.clear();
  }

  #collect(figures: RelayFigures): void {
    this.#enrolled.set(this.#options.enrolled());
    for (const [gauge, { of }] of this.#gauges) gauge.set(of(figures));
    for (const [counter, { label, of }] of this.#counters) {
      counter.reset();
      for (const [value, count] of Object.entries(of(figures))) counter.inc({ [label]: value }, count);
    }
  }
}
