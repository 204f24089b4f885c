import { setTimeout as delay } from "node:timers/promises";

import type { Samples } from "../ledger.ts";
import { percentile } from "../statistics.ts";
import { cpuShare } from "../windows.ts";
import type { Seen } from "./load.ts";
import type { DeviceTarget, Passage } from "./passage.ts";
import type { Sides } from "./sides.ts";

/** A viewer that misses a picture, or sees one in a hundred later than that, was slowed. */
const latestMs = 500;

/** What viewers saw while they were watched. */
export interface Sight {
  readonly viewers: readonly Seen[];
  readonly windowMs: number;
}

export const watchPictures = async ({ devices }: Sides, windowMs: number): Promise<Sight> => {
  await devices.call("pictures");
  const begun = performance.now();
  await delay(windowMs);
  return { viewers: await devices.call("pictures"), windowMs: performance.now() - begun };
};

/** Viewers that did not see live. What a sender that was held up itself never sent is missed by nobody. */
export const slowed = ({ viewers }: Sight): number =>
  viewers.filter(({ late, missing }) => late.length === 0 || missing > 0 || percentile(late, 0.99) > latestMs).length;

/** Of all viewers together, in ms. */
export const lateness = ({ viewers }: Sight): { readonly p50: number; readonly p99: number } => {
  const all = viewers.flatMap(({ late }) => late);
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
