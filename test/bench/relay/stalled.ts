import { setTimeout as delay } from "node:timers/promises";

import type { Way } from "@gatehouse/shared";

import type { Samples } from "../ledger.ts";
import type { DeviceTarget } from "./passage.ts";
import type { Sides } from "./sides.ts";
import { lateness, watchPictures, type Sight } from "./viewers.ts";

export interface StalledScale {
  /** Viewers that read, beside the one that does not. */
  readonly reading: number;
  readonly windowMs: number;
  readonly settleMs: number;
}

export interface StalledOptions {
  readonly target: DeviceTarget;
  readonly way: Way;
  readonly samples: Samples;
  readonly scale: StalledScale;
}

const seen = ({ viewers }: Sight): number => viewers.reduce((sum, { late }) => sum + late.length, 0);

/**
 * Viewers of one home, first by themselves and then beside one more that asks for all that it can get and never reads a byte: what the others see
 * then, compared with before.
 */
export const measureStalled = async (sides: Sides, { target, way, samples, scale }: StalledOptions): Promise<void> => {
  const { devices } = sides;
  await devices.call("work", { target, task: "paced", streams: scale.reading });
  await delay(scale.settleMs);
  const alone = await watchPictures(sides, scale.windowMs);
  await devices.call("work", { target, task: "source", streams: 1, stalled: true });
  await delay(scale.settleMs);
  const beside = await watchPictures(sides, scale.windowMs);
  if ((await devices.call("standing")) <= scale.reading) throw new Error("the viewer that does not read was sent away");
  await devices.call("stop");
  const [before, after] = [lateness(alone), lateness(beside)];
  samples.add(`stalled.${way}.p99.alone`, before.p99, "ms");
  samples.add(`stalled.${way}.p99.beside`, after.p99, "ms");
  samples.add(`stalled.${way}.later`, after.p50 - before.p50, "ms");
  samples.add(
    `stalled.${way}.pictures`,
    seen(alone) / alone.windowMs / (seen(beside) / beside.windowMs),
    "alone / beside",
  );
};
