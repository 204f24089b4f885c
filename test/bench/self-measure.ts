import { monitorEventLoopDelay } from "node:perf_hooks";

/** What a process tells of itself, for every worker of a benchmark. */
export interface Lag {
  /** Milliseconds that timers were late. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const resolution = 10;
const toMs = (nanoseconds: number): number => nanoseconds / 1e6;

/** Handlers by which a worker measures itself. */
export const selfMeasure = () => {
  const delays = monitorEventLoopDelay({ resolution });
  return {
    /** Begins to watch the event loop. */
    watchLag: (): void => {
      delays.enable();
      delays.reset();
    },
    /** How late the event loop was since `watchLag`. */
    readLag: (): Lag => {
      delays.disable();
      // Each value is the time between two ticks of the watching timer.
      const late = (share: number): number => Math.max(0, toMs(delays.percentile(share)) - resolution);
      return { p50: late(50), p99: late(99), max: Math.max(0, toMs(delays.max) - resolution) };
    },
    /** Bytes that the heap and buffers hold after garbage collection. */
    memory: async (): Promise<number> => {
      for (let pass = 0; pass < 3; pass += 1) {
        globalThis.gc?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    },
    /** Handles and requests that are under way, such as sockets and timers. */
    resources: (): number => process.getActiveResourcesInfo().length,
  };
};
