import { setTimeout as delay } from "node:timers/promises";

import { cpuMs } from "../process-usage.ts";
import type { Samples } from "../ledger.ts";
import type { Task } from "./load.ts";
import type { Passage } from "./passage.ts";
import type { Sides } from "./sides.ts";

export interface BulkScale {
  readonly streams: number;
  readonly windowMs: number;
  /** For windows of TCP to open. */
  readonly settleMs: number;
}

interface Carried {
  readonly bytes: number;
  readonly cpuMs: number;
  readonly ms: number;
}

const directions = [
  ["up", "sink"],
  ["down", "source"],
] as const satisfies readonly (readonly [string, Task])[];

/** What was carried, and by how much CPU time of the processes in between, while both sides send as fast as it goes. */
const carry = async (
  { home, devices }: Sides,
  { pids }: Passage,
  task: "sink" | "source",
  windowMs: number,
): Promise<Carried> => {
  const bytes = (): Promise<number> => (task === "sink" ? home.call("received") : devices.call("received"));
  const look = async (): Promise<Carried> => ({ bytes: await bytes(), cpuMs: cpuMs(...pids), ms: performance.now() });
  const before = await look();
  await delay(windowMs);
  const after = await look();
  return { bytes: after.bytes - before.bytes, cpuMs: after.cpuMs - before.cpuMs, ms: after.ms - before.ms };
};

/** Bytes in bulk, in each direction by itself. */
export const measureBulk = async (
  sides: Sides,
  passage: Passage,
  { samples, scale }: { readonly samples: Samples; readonly scale: BulkScale },
): Promise<void> => {
  const costs: number[] = [];
  for (const [direction, task] of directions) {
    await sides.devices.call("work", { target: passage.target, task, streams: scale.streams });
    await delay(scale.settleMs);
    const { bytes, cpuMs: cpu, ms } = await carry(sides, passage, task, scale.windowMs);
    await sides.devices.call("stop");
    passage.check();
    if (bytes === 0) throw new Error("nothing was carried");
    costs.push(cpu / (bytes / 2 ** 30));
    samples.add(`bulk.${direction}.perCpuSecond`, (8 * bytes) / cpu / 1e6, "Gbit");
    samples.add(`bulk.${direction}.rate`, (8 * bytes) / ms / 1e6, "Gbit/s");
  }
  samples.add("bulk.cpuPerGiB", costs.reduce((sum, cost) => sum + cost, 0) / costs.length, "ms");
};
