import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeCertificate } from "@gatehouse/shared/testing";

import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger, type Samples } from "./ledger.ts";
import { measureBulk, type BulkScale } from "./relay/bulk.ts";
import { startDevices } from "./relay/device.ts";
import { directTargets } from "./relay/direct.ts";
import { haproxyPlain, haproxyTls } from "./relay/haproxy.ts";
import { startHome, type HomeProcess } from "./relay/home.ts";
import { addLatency, timeRoundTrips, type RoundTrip } from "./relay/latency.ts";
import { nodePipe } from "./relay/node-pipe.ts";
import { openOurs } from "./relay/ours.ts";
import type { DeviceTarget, Passage, PassageNeeds } from "./relay/passage.ts";
import type { Sides } from "./relay/sides.ts";
import { measureStalled, type StalledScale } from "./relay/stalled.ts";
import { measureStorm, type StormScale } from "./relay/storm.ts";
import { measureViewers, type ViewersScale } from "./relay/viewers.ts";
import { boundMedian, compareRounds, type RatioLimits } from "./statistics.ts";

const rivals = [haproxyTls, haproxyPlain, nodePipe] as const;

/** What the relay carries with a second of CPU time is at least this share of what they do, so its cost is at most the inverse. */
const bulkLimits = [
  [haproxyTls, { limit: 1 / 0.6 }],
  [haproxyPlain, { limit: 1 / 0.35 }],
] as const;

/** Quantities that have limits of their own. */
const ownLimits: Readonly<Record<string, RatioLimits>> = {
  /** KiB above the empty process. */
  "idle.pssPerTunnel": { limit: 130 },
  /** Viewers that did not see live, of 200. */
  "viewers.slowed": { limit: 0 },
  /** Enrolled homes whose try failed though the relay was there. */
  "storm.refused": { limit: 0 },
  /** Pictures of the others without a stalled viewer beside them, over those with one; and how many ms later they come then. */
  "stalled.own.pictures": { limit: 1.02 },
  "stalled.shared.pictures": { limit: 1.02 },
  "stalled.own.later": { limit: 5 },
  "stalled.shared.later": { limit: 5 },
};

interface Scale {
  readonly bulk: BulkScale;
  /** Round trips. */
  readonly messages: number;
  readonly viewers: ViewersScale;
  readonly homes: number;
  readonly stalled: StalledScale;
  readonly storm: StormScale;
}

const full: Scale = {
  bulk: { streams: 4, windowMs: 1_200, settleMs: 300 },
  messages: 1_500,
  viewers: { viewers: 200, windowMs: 2_000, settleMs: 700 },
  homes: 50,
  stalled: { reading: 20, windowMs: 1_500, settleMs: 400 },
  storm: { tunnels: 5_000, settleMs: 3_000 },
};
const quick: Scale = {
  bulk: { streams: 2, windowMs: 150, settleMs: 50 },
  messages: 50,
  viewers: { viewers: 4, windowMs: 300, settleMs: 100 },
  homes: 2,
  stalled: { reading: 2, windowMs: 300, settleMs: 100 },
  storm: { tunnels: 20, settleMs: 100 },
};

interface Bench {
  readonly sides: Sides;
  /** Homes that only hold tunnels. */
  readonly neighbours: HomeProcess;
  readonly needs: PassageNeeds;
  readonly direct: Readonly<Record<"tcp" | "tls", DeviceTarget>>;
  readonly ledger: Ledger;
  readonly scale: Scale;
}

type Direct = Readonly<Record<"tcp" | "tls", RoundTrip>>;

/** Bulk, messages and viewers, through whatever lies in between. */
const measurePassage = async (
  passage: Passage,
  samples: Samples,
  { sides, scale }: Bench,
  around: Direct,
): Promise<void> => {
  const { target } = passage;
  await measureBulk(sides, passage, { samples, scale: scale.bulk });
  const way = await timeRoundTrips(sides, target, scale.messages);
  addLatency(samples, "latency", [way, around[target.kind === "tcp" ? "tcp" : "tls"]]);
  await measureViewers(sides, passage, { target, samples, scale: scale.viewers });
};

const measureOurs = async (bench: Bench, around: Direct): Promise<void> => {
  const { sides, needs, ledger, scale } = bench;
  const samples = ledger.ours;
  await using ours = await openOurs({ ...needs, homes: scale.homes, devices: 4 });
  await measurePassage(ours, samples, bench, around);
  const shared = await timeRoundTrips(sides, ours.to("shared", 1), scale.messages);
  addLatency(samples, "latency.shared", [shared, around.tls]);
  for (const way of ["own", "shared"] as const) {
    await measureStalled(sides, { target: ours.to(way, 1), way, samples, scale: scale.stalled });
  }
};

const oneRound = async (bench: Bench): Promise<void> => {
  const { sides, needs, neighbours, direct, ledger, scale } = bench;
  const around: Direct = {
    tcp: await timeRoundTrips(sides, direct.tcp, scale.messages),
    tls: await timeRoundTrips(sides, direct.tls, scale.messages),
  };
  await measureOurs(bench, around);
  for (const rival of rivals) {
    if (ledger.isLacking(rival.name)) continue;
    await using passage = await rival.open(needs);
    await measurePassage(passage, ledger.rival(rival.name, await rival.version()), bench, around);
  }
  await measureStorm({ neighbours, folder: needs.folder, samples: ledger.ours, scale: scale.storm });
};

const judge = (ledger: Ledger): void => {
  const metric = "bulk.cpuPerGiB";
  for (const [{ name }, limits] of bulkLimits) {
    const [ours, theirs] = [ledger.ours.of(metric), ledger.valuesOf(name, metric)];
    ledger.judge(`${metric}/${name}`, limits, () =>
      theirs.length === 0 ? undefined : compareRounds(ours, theirs, limits),
    );
  }
  for (const [name, limits] of Object.entries(ownLimits)) {
    ledger.judge(name, limits, () => boundMedian(ledger.ours.of(name), limits));
  }
};

const run = async ({ rounds, quick: isQuick, note }: RunOptions): Promise<Report> => {
  await using opened = new AsyncDisposableStack();
  const ledger = new Ledger("relay");
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-bench-relay-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const [home, neighbours] = [opened.use(await startHome()), opened.use(await startHome())];
  const devices = opened.use(await startDevices());
  const tls = makeCertificate();
  const bench: Bench = {
    sides: { devices, home },
    neighbours,
    needs: { home, tls, folder },
    direct: await directTargets(home, tls),
    ledger,
    scale: isQuick ? quick : full,
  };
  for (const rival of rivals) {
    const why = rival.missing();
    if (why !== undefined) ledger.lacks(rival.name, "", why);
  }
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await oneRound(bench);
    note(`round ${round + 1} of ${rounds}: ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
  }
  judge(ledger);
  return ledger.report(rounds);
};

export const relay: Benchmark = {
  name: "relay",
  summary:
    "the relay's throughput, latency and memory beside HAProxy and Node's pipe(), and 5,000 homes that come back at once",
  rounds: 7,
  run,
};
