import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { RelayPlace } from "@gatehouse/shared";

import type { Samples } from "../ledger.ts";
import { pssMiB } from "../process-usage.ts";
import { percentile } from "../statistics.ts";
import type { HomeProcess } from "./home.ts";
import { sharedNow } from "./load.ts";
import { pairKey, startRelay, type RelayProcess } from "./ours.ts";

export interface StormScale {
  readonly tunnels: number;
  /** After the last home came, until what its coming took is given back. */
  readonly settleMs: number;
}

export interface StormOptions {
  readonly neighbours: HomeProcess;
  readonly folder: string;
  readonly scale: StormScale;
  readonly samples: Samples;
}

/** As long as a storm may take at most before it is given up, in ms. */
const longest = 180_000;

/** The relay's own limits: what is measured is whether it has room for all who belong to it. */
const limits = {};

const inTime = async <T>(what: string, work: Promise<T>): Promise<T> => {
  const late = new AbortController();
  const expired = delay(longest, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what}: not all were admitted within ${longest} ms`);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    late.abort();
    expired.catch(() => undefined);
  }
};

/** Enrolled homes that the relay sent away for want of room, or took for strangers. A try that only took too long is none of them. */
const sentAway = async (relay: RelayProcess, failures: Readonly<Record<string, number>>): Promise<number> => {
  const { turnedAway, tunnels } = await relay.call("figures");
  const { closed: _closed = 0, ...ended } = tunnels.ended;
  const counts = [...Object.values(turnedAway), ...Object.values(ended)];
  for (const code of ["relay-refused", "relay-busy"]) counts.push(failures[code] ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
};

/** What homes that do nothing take of the relay's memory, each; and then all of them are cut at once, and come back to a relay that starts anew. */
export const measureStorm = async (options: StormOptions): Promise<void> => {
  const { neighbours, folder, scale } = options;
  const data = join(folder, "storm");
  await mkdir(data, { recursive: true, mode: 0o700 });
  const homes = await neighbours.call("build", scale.tunnels);
  let place: RelayPlace;
  {
    await using relay = await startRelay();
    place = await relay.call("open", { data, port: 0, limits });
    await relay.call(
      "enrol",
      homes.map(({ pin }) => pin),
    );
    await measureIdle(relay, place, options);
  }
  await measureReturn(data, place, options);
  await neighbours.call("leave");
};

const measureIdle = async (relay: RelayProcess, place: RelayPlace, options: StormOptions): Promise<void> => {
  const { neighbours, scale, samples } = options;
  await relay.call("memory");
  const before = pssMiB(relay.pid);
  await neighbours.call("move", { place, devices: [pairKey().thumbprint], firstAddress: 0 });
  await inTime("the coming of all homes", neighbours.call("settle"));
  await delay(scale.settleMs);
  const perTunnel = (): number => (1_024 * (pssMiB(relay.pid) - before)) / scale.tunnels;
  samples.add("idle.pssPerTunnel", perTunnel(), "KiB");
  await relay.call("memory");
  samples.add("idle.pssPerTunnel.collected", perTunnel(), "KiB");
};

const measureReturn = async (data: string, { address }: RelayPlace, options: StormOptions): Promise<void> => {
  const { neighbours, samples } = options;
  await using relay = await startRelay();
  await relay.call("watchLag");
  await relay.call("open", { data, port: Number(address.slice(address.lastIndexOf(":") + 1)), limits });
  const begun = sharedNow();
  // Until now nobody was there who could have let them in.
  await neighbours.call("forget");
  const { at, failures } = await inTime("the return of all homes", neighbours.call("settle"));
  const { p99, max } = await relay.call("readLag");
  samples.add("storm.settled", (Math.max(...at) - begun) / 1_000, "s");
  samples.add("storm.median", (percentile(at, 0.5) - begun) / 1_000, "s");
  samples.add("storm.tries", 1 + Object.values(failures).reduce((sum, count) => sum + count, 0) / at.length, "a home");
  samples.add("storm.lag.p99", p99, "ms");
  samples.add("storm.lag.max", max, "ms");
  samples.add("storm.refused", await sentAway(relay, failures), "");
};
