import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";

/** What was measured on, and how busy it was meanwhile. */
export interface Host {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly platform: string;
  readonly node: string;
  /** Load of the last minute, before and after. */
  readonly load: readonly [number, number];
  /** Share of CPU time that the hypervisor gave to others meanwhile; null where the system does not tell. */
  readonly steal: number | null;
}

interface CpuTicks {
  readonly all: number;
  readonly stolen: number;
}

const readTicks = (): CpuTicks | undefined => {
  try {
    const line = readFileSync("/proc/stat", "latin1").split("\n", 1)[0] ?? "";
    // user, nice, system, idle, iowait, irq, softirq, steal
    const ticks = line.split(/\s+/).slice(1, 9).map(Number);
    return { all: ticks.reduce((sum, value) => sum + value, 0), stolen: ticks[7] ?? 0 };
  } catch {
    return undefined;
  }
};

const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

/** Begins to watch the host; the function returned ends it. */
export const watchHost = (): (() => Host) => {
  const ticksBefore = readTicks();
  const loadBefore = load();
  return () => {
    const ticks = readTicks();
    const all = ticks && ticksBefore ? ticks.all - ticksBefore.all : 0;
    return {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryMiB: Math.round(totalmem() / 2 ** 20),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
      load: [loadBefore, load()],
      steal: ticks && ticksBefore && all > 0 ? (ticks.stolen - ticksBefore.stolen) / all : null,
    };
  };
};
