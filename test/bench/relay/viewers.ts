import { setTimeout as delay } from "node:timers/promises";

import type { Samples } from "../ledger.ts";
import { percentile } from "../statistics.ts";
import { cpuShare } from "../windows.ts";
import { picture } from "./load.ts";
import type { DeviceTarget, Passage } from "./passage.ts";
import type { Sides } from "./sides.ts";

/** A viewer that gets fewer pictures than this share, or sees them later than that, was slowed. */
const fewest = 0.95;
const latestMs = 250;

/** What viewers saw while they were watched. */
export interface Sight {
  /** Of each viewer, how late its pictures were, in ms. */
  readonly viewers: readonly (readonly number[])[];
  readonly windowMs: number;
}

export const watchPictures = async ({ devices }: Sides, windowMs: number): Promise<Sight> => {
  await devices.call("pictures");
  const begun = performance.now();
  await delay(windowMs);
  return { viewers: await devices.call("pictures"), windowMs: performance.now() - begun };
};

/** Viewers that did not get a live picture at its rate. */
export const slowed = ({ viewers, windowMs }: Sight): number => {
  const due = Math.floor(windowMs / picture.everyMs) - 1;
  return viewers.filter((late) => late.length < fewest * due || percentile(late, 0.99) > latestMs).length;
};

/** Of all viewers together, in ms. */
export const lateness = ({ viewers }: Sight): { readonly p50: number; readonly p99: number } => {
  const all = viewers.flat();
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99) };
};

export interface ViewersScale {
  readonly viewers: number;
  readonly windowMs: number;
  readonly settleMs: number;
}

/** Many viewers of 4 Mbit/s each at once: what they take, and how they see. */
export const measureViewers = async (
  sides: Sides,
  passage: Passage,
  {
    target,
    samples,
    scale,
  }: { readonly target: DeviceTarget; readonly samples: Samples; readonly scale: ViewersScale },
): Promise<void> => {
  await sides.devices.call("work", { target, task: "paced", streams: scale.viewers });
  await delay(scale.settleMs);
  const [sight, share] = await Promise.all([
    watchPictures(sides, scale.windowMs),
    cpuShare(passage.pids, scale.windowMs),
  ]);
  if ((await sides.devices.call("standing")) < scale.viewers) throw new Error("a viewer was sent away");
  await sides.devices.call("stop");
  passage.check();
  const { p50, p99 } = lateness(sight);
  samples.add("viewers.cpu", share, "% of a core");
  samples.add("viewers.late.p50", p50, "ms");
  samples.add("viewers.late.p99", p99, "ms");
  samples.add("viewers.slowed", slowed(sight), "");
};
