import { readdir } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { cpuUsage, memoryUsage } from "node:process";
import { Counter, Gauge, type Registry } from "prom-client";

/** How often the event loop is looked at, in ms: lags that a viewer would notice are longer. */
const resolutionMs = 20;
const nanoseconds = 1e9;
const microseconds = 1e6;

/** The process's own figures, by the names that dashboards for Node.js know. */
export class ProcessMetrics implements Disposable {
  readonly #lag: ReturnType<typeof monitorEventLoopDelay>;
  readonly #cpu: Readonly<Record<"user" | "system", Counter>>;
  readonly #memory: Readonly<Record<"rss" | "heapUsed" | "external", Gauge>>;
  readonly #descriptors: Gauge;
  readonly #lags: Readonly<Record<"p50" | "p99" | "max", Gauge>>;

  /** @param started Clock.now() when the gateway began */
  constructor(registry: Registry, started: number) {
    const registers = [registry];
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    gauge("process_start_time_seconds", "When the gateway began, since the epoch.").set(started / 1_000);
    this.#cpu = {
      user: counter("process_cpu_user_seconds_total", "Processor time spent in the gateway itself."),
      system: counter("process_cpu_system_seconds_total", "Processor time spent in the system for the gateway."),
    };
    this.#memory = {
      rss: gauge("process_resident_memory_bytes", "Memory that the gateway holds."),
      heapUsed: gauge("nodejs_heap_size_used_bytes", "What of it is JavaScript's."),
      external: gauge("nodejs_external_memory_bytes", "What of it is buffers, mostly pictures."),
    };
    this.#descriptors = gauge("process_open_fds", "Open files and sockets; 0 where the system does not tell.");
    this.#lags = {
      p50: gauge("nodejs_eventloop_lag_p50_seconds", "Median delay of the event loop since the last scrape."),
      p99: gauge("nodejs_eventloop_lag_p99_seconds", "99th percentile of it."),
      max: gauge("nodejs_eventloop_lag_max_seconds", "The longest."),
    };
    this.#lag = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#lag.enable();
  }

  async collect(): Promise<void> {
    this.#descriptors.set(await openDescriptors());
    const { user, system } = cpuUsage();
    replace(this.#cpu.user, user / microseconds);
    replace(this.#cpu.system, system / microseconds);
    const { rss, heapUsed, external } = memoryUsage();
    this.#memory.rss.set(rss);
    this.#memory.heapUsed.set(heapUsed);
    this.#memory.external.set(external);
    // The histogram holds whole intervals: what exceeds one is the delay.
    const delay = (ns: number): number => Math.max(0, ns / nanoseconds - resolutionMs / 1_000);
    this.#lags.p50.set(delay(this.#lag.percentile(50)));
    this.#lags.p99.set(delay(this.#lag.percentile(99)));
    this.#lags.max.set(delay(this.#lag.max));
    this.#lag.reset();
  }

  [Symbol.dispose](): void {
    this.#lag.disable();
  }
}

/** A total that is counted elsewhere. */
const replace = (counter: Counter, total: number): void => {
  counter.reset();
  counter.inc(total);
};

const openDescriptors = async (): Promise<number> => {
  try {
    return (await readdir("/proc/self/fd")).length;
  } catch {
    // Not Linux.
    return 0;
  }
};
