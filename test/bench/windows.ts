import { setTimeout as delay } from "node:timers/promises";

import { cpuMs } from "./process-usage.ts";

/** CPU time of processes over a while, their children's included, in per cent of one core. */
export const cpuShare = async (pids: readonly number[], windowMs: number): Promise<number> => {
  const [before, started] = [cpuMs(...pids), performance.now()];
  await delay(windowMs);
  return (100 * (cpuMs(...pids) - before)) / (performance.now() - started);
};
