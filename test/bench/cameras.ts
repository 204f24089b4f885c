import { setTimeout as delay } from "node:timers/promises";

import { gopMs, startCameraFarm, type CameraFarm, type FarmCamera } from "./camera-farm/farm.ts";
import type { controlHandlers } from "./cameras/control-main.ts";
import type { readerHandlers } from "./cameras/reader-main.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import { startMediaHost, type MediaHost } from "./media-host/host.ts";
import { srtpOutput } from "./outputs/srtp/output.ts";
import { pssMiB } from "./process-usage.ts";
import { boundMedian, compareRounds, slope, type Point } from "./statistics.ts";
import { cpuShare } from "./windows.ts";
import { WorkerProcess } from "./worker-process.ts";

const reader = "read-only client";
const limits = {
  ingest: { limit: 1.3 },
  /** Over what the rings hold and a fixed allowance for the process. */
  ringMemory: { limit: 1 },
  /** Milliseconds over an idle process's. */
  lag: { limit: 15 },
};
const ringFactor = 1.4;
const ringAllowanceMiB = 40;

interface Scale {
  readonly cameras: readonly number[];
  /** For memory and the event loop. */
  readonly house: number;
  readonly windowMs: number;
  readonly ingestMs: number;
  readonly lagMs: number;
  readonly settleMs: number;
  /** Until rings hold a whole GOP and have forgotten one: what a house needs once is no part of what it costs all day. */
  readonly fillMs: number;
  readonly warmUpMs: number;
}

const full: Scale = {
  cameras: [1, 8, 16, 32],
  house: 16,
  windowMs: 2 * gopMs,
  ingestMs: 4 * gopMs,
  lagMs: 3 * gopMs,
  settleMs: 700,
  fillMs: 2 * gopMs + 500,
  warmUpMs: 20_000,
};
const quick: Scale = {
  cameras: [1, 2],
  house: 2,
  windowMs: 500,
  ingestMs: 500,
  lagMs: 500,
  settleMs: 200,
  fillMs: 200,
  warmUpMs: 500,
};

type Reader = WorkerProcess<typeof readerHandlers>;
type Control = WorkerProcess<typeof controlHandlers>;

interface Bench {
  readonly farm: CameraFarm;
  readonly cameras: readonly FarmCamera[];
  readonly ledger: Ledger;
  readonly scale: Scale;
  /** Both live through all rounds, and are warm: what an engine compiles in its first half minute is no part of either. */
  readonly gateway: MediaHost;
  readonly reader: Reader;
  readonly control: Control;
}

const watchEach = async (host: MediaHost, count: number): Promise<AsyncDisposableStack> => {
  const viewers = new AsyncDisposableStack();
  for (let camera = 0; camera < count; camera += 1) viewers.use(await srtpOutput.join(host, camera));
  return viewers;
};

/**
 * What reading costs, of the gateway and of the client that only reads, which both read the same cameras in the same moments: so little is
 * measured here that another moment's noise would be most of it.
 */
const measureIngest = async ({ gateway, reader: client, farm, cameras, ledger, scale }: Bench): Promise<void> => {
  const samples = ledger.rival(reader, "1");
  const [own, theirs]: [Point[], Point[]] = [[], []];
  for (const count of scale.cameras) {
    await Promise.all([gateway.call("hold", count), client.call("read", cameras.slice(0, count))]);
    await delay(scale.fillMs);
    const share = ({ pid }: { readonly pid: number }): Promise<number> => cpuShare([pid], scale.ingestMs);
    const [ingest, read, simulator] = await Promise.all([share(gateway), share(client), share(farm)]);
    if ((await client.call("packets")) === 0) throw new Error("the read-only client reads nothing");
    own.push([count, ingest]);
    theirs.push([count, read]);
    ledger.ours.add(`ingest.cpu.${count}`, ingest, "% of a core");
    samples.add(`ingest.cpu.${count}`, read, "% of a core");
    ledger.ours.add(`simulator.cpu.${count}`, simulator, "% of a core");
  }
  await Promise.all([gateway.call("hold", 0), client.call("read", [])]);
  ledger.ours.add("ingest.cpuPerCamera", slope(own), "% of a core");
  samples.add("ingest.cpuPerCamera", slope(theirs), "% of a core");
};

/** With one viewer of each camera. */
const measureWatched = async ({ gateway: host, ledger, scale }: Bench): Promise<void> => {
  const points: Point[] = [];
  for (const count of scale.cameras) {
    await host.call("hold", count);
    await using _viewers = await watchEach(host, count);
    await delay(scale.settleMs);
    const share = await cpuShare([host.pid], scale.windowMs);
    points.push([count, share]);
    ledger.ours.add(`watched.cpu.${count}`, share, "% of a core");
  }
  await host.call("hold", 0);
  ledger.ours.add("watched.cpuPerCamera", slope(points), "% of a core");
};

/** What a gateway that has seen a camera before takes more with a house full of them, garbage included. */
const measureMemory = async (host: MediaHost, { ledger, scale }: Bench): Promise<void> => {
  await host.call("hold", 1);
  await host.call("hold", 0);
  await host.call("memory");
  const before = pssMiB(host.pid);
  await host.call("hold", scale.house);
  await delay(2 * gopMs);
  const payload = (await host.call("ringPayload")) / 2 ** 20;
  const taken = pssMiB(host.pid) - before;
  ledger.ours.add(`ring.payload.${scale.house}`, payload, "MiB");
  ledger.ours.add(`ring.pss.${scale.house}`, taken, "MiB");
  ledger.ours.add("ring.share", taken / (ringFactor * payload + ringAllowanceMiB), "of what is allowed");
};

/** How late the gateway's timers are with a viewer of each camera, and at the same time those of a process that does nothing. */
const measureLag = async (host: MediaHost, { ledger, scale, control }: Bench): Promise<void> => {
  await using _viewers = await watchEach(host, scale.house);
  await delay(scale.settleMs);
  await Promise.all([host.call("watchLag"), control.call("watchLag")]);
  await delay(scale.lagMs);
  const [own, idle] = await Promise.all([host.call("readLag"), control.call("readLag")]);
  ledger.ours.add("lag.p50", own.p50, "ms");
  ledger.ours.add("lag.p99", own.p99, "ms");
  ledger.ours.add("lag.max", own.max, "ms");
  ledger.ours.add("lag.p99.idle", idle.p99, "ms");
  ledger.ours.add("lag.p99.overIdle", own.p99 - idle.p99, "ms");
};

const judge = (ledger: Ledger): void => {
  const theirs = ledger.valuesOf(reader, "ingest.cpuPerCamera");
  const ours = ledger.ours.of("ingest.cpuPerCamera");
  ledger.judge(`ingest.cpuPerCamera/${reader}`, limits.ingest, () => compareRounds(ours, theirs, limits.ingest));
  const share = ledger.ours.of("ring.share");
  ledger.judge("ring.pss/(1.4 x payload + 40 MiB)", limits.ringMemory, () => boundMedian(share, limits.ringMemory));
  const lag = ledger.ours.of("lag.p99.overIdle");
  ledger.judge("lag.p99 - idle process's (ms)", limits.lag, () => boundMedian(lag, limits.lag));
};

const warmUp = async ({ gateway, reader, cameras, scale }: Bench): Promise<void> => {
  await gateway.call("hold", cameras.length);
  await reader.call("read", cameras);
  await delay(scale.warmUpMs);
  await gateway.call("hold", 0);
  await reader.call("read", []);
};

const oneRound = async (bench: Bench): Promise<void> => {
  {
    await using host = await startMediaHost();
    await host.call("useCameras", bench.cameras);
    await measureMemory(host, bench);
    await measureLag(host, bench);
  }
  await measureIngest(bench);
  await measureWatched(bench);
};

const run = async ({ rounds, quick: isQuick, note }: RunOptions): Promise<Report> => {
  const ledger = new Ledger("cameras");
  const scale = isQuick ? quick : full;
  await using farm = await startCameraFarm();
  const cameras = await farm.call("open", { count: Math.max(...scale.cameras) });
  await using reading = await WorkerProcess.start<typeof readerHandlers>(
    new URL("cameras/reader-main.ts", import.meta.url),
  );
  await using control = await WorkerProcess.start<typeof controlHandlers>(
    new URL("cameras/control-main.ts", import.meta.url),
  );
  await using gateway = await startMediaHost();
  await gateway.call("useCameras", cameras);
  const bench: Bench = { farm, cameras, ledger, scale, gateway, reader: reading, control };
  note("warming up");
  await warmUp(bench);
  for (let round = 0; round < rounds; round += 1) {
    note(`round ${round + 1} of ${rounds}`);
    await oneRound(bench);
  }
  judge(ledger);
  return ledger.report(rounds);
};

export const cameras: Benchmark = {
  name: "cameras",
  summary: "CPU time, memory and event loop with 1 to 32 cameras of 4 Mbit/s and a viewer of each",
  rounds: 7,
  run,
};
