import type { StreamHealth } from "@gatehouse/shared";
import { Counter, Gauge, type Registry } from "prom-client";

interface StreamMetric {
  /** Without its prefix. */
  readonly name: string;
  readonly help: string;
  /** Null where there is no figure: then there is no sample. */
  readonly of: (stream: StreamHealth) => number | null;
}

const seconds = (ms: number | null | undefined): number | null => (ms === null || ms === undefined ? null : ms / 1_000);

const gauges: readonly StreamMetric[] = [
  { name: "up", help: "Whether pictures come.", of: ({ state }) => Number(state === "live") },
  { name: "bytes_per_second", help: "What came from the camera, over the last seconds.", of: ({ bitrateKbps }) => bitrateKbps * 125 },
  { name: "frames_per_second", help: "Over the last seconds.", of: ({ video }) => video?.fps ?? null },
  { name: "keyframe_interval_seconds", help: "From one key picture to the next.", of: ({ video }) => seconds(video?.gopMs) },
  { name: "keyframe_interval_longest_seconds", help: "The longest of the last minutes.", of: ({ video }) => seconds(video?.longestGopMs) },
  { name: "packet_loss_ratio", help: "Of the packets of the last minutes.", of: ({ loss }) => loss },
  { name: "jitter_seconds", help: "Interarrival jitter of the picture.", of: ({ jitterMs }) => seconds(jitterMs) },
  { name: "viewers", help: "Who watches now.", of: ({ viewers }) => viewers },
  { name: "buffer_bytes", help: "What the stored pictures weigh.", of: ({ ringBytes }) => ringBytes },
]; // prettier-ignore

const counters: readonly StreamMetric[] = [
  { name: "received_bytes_total", help: "Picture and sound, without what carries them.", of: ({ bytes }) => bytes },
  { name: "received_units_total", help: "Pictures and pieces of sound.", of: ({ accessUnits }) => accessUnits },
  { name: "lost_packets_total", help: "Lost between camera and gateway.", of: ({ packetsLost }) => packetsLost },
  { name: "dropped_units_total", help: "Not delivered to slow viewers.", of: ({ dropped }) => dropped },
  { name: "reconnects_total", help: "Connections to the camera after the first.", of: ({ reconnects }) => reconnects },
];

const labelNames = ["camera", "tier", "rendition"] as const;
type Label = (typeof labelNames)[number];

/** The figures of every stream. Labels hold ids and names of the gateway's own: nothing that somebody typed. */
export class StreamMetrics {
  readonly #gauges: readonly (readonly [Gauge<Label>, StreamMetric])[];
  readonly #counters: readonly (readonly [Counter<Label>, StreamMetric])[];

  constructor(registry: Registry) {
    const settings = ({ name, help }: StreamMetric) => ({
      name: `gatehouse_stream_${name}`,
      help,
      labelNames,
      registers: [registry],
    });
    this.#gauges = gauges.map((metric) => [new Gauge(settings(metric)), metric]);
    this.#counters = counters.map((metric) => [new Counter(settings(metric)), metric]);
  }

  collect(streams: readonly StreamHealth[]): void {
    for (const [gauge, { of }] of this.#gauges) {
      gauge.reset();
      for (const stream of streams) {
        const value = of(stream);
        if (value !== null) gauge.set(labelsOf(stream), value);
      }
    }
    for (const [counter, { of }] of this.#counters) {
      counter.reset();
      for (const stream of streams) counter.inc(labelsOf(stream), of(stream) ?? 0);
    }
  }
}

const labelsOf = ({ camera, tier, rendition }: StreamHealth): Record<Label, string> => ({ camera, tier, rendition });
