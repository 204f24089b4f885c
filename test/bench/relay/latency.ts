import type { Samples } from "../ledger.ts";
import { percentile } from "../statistics.ts";
import type { DeviceTarget } from "./passage.ts";
import type { Sides } from "./sides.ts";

/** A round trip's median and its 99th percentile, in ms. */
export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
}

/** Until the way is warm: what is compiled then is no part of what a message takes. */
const warmUp = 0.2;

export const timeRoundTrips = async ({ devices }: Sides, target: DeviceTarget, count: number): Promise<RoundTrip> => {
  const times = await devices.call("ping", { target, count: Math.ceil(count * (1 + warmUp)) });
  await devices.call("stop");
  const warm = times.slice(-count);
  return { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) };
};

/** What a way takes longer than a direct connection of the same kind. */
export const addLatency = (samples: Samples, name: string, [way, direct]: readonly [RoundTrip, RoundTrip]): void => {
  samples.add(`${name}.added.p50`, way.p50 - direct.p50, "ms");
  samples.add(`${name}.added.p99`, way.p99 - direct.p99, "ms");
};
