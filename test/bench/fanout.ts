import { setTimeout as delay } from "node:timers/promises";

import { gopMs, startCameraFarm, type FarmCamera } from "./camera-farm/farm.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import { startMediaHost, type MediaHost } from "./media-host/host.ts";
import type { Output, Watcher } from "./outputs/output.ts";
import { mseOutput } from "./outputs/mse/output.ts";
import { rtspOutput } from "./outputs/rtsp/output.ts";
import { srtpOutput } from "./outputs/srtp/output.ts";
import { WebRtcOutput } from "./outputs/webrtc/output.ts";
import { pssMiB } from "./process-usage.ts";
import { ffmpegRtsp } from "./rivals/ffmpeg-rtsp.ts";
import { ffmpegSrtp } from "./rivals/ffmpeg-srtp.ts";
import { gstRtsp } from "./rivals/gst-rtsp.ts";
import type { Rival } from "./rivals/rival.ts";
import { weriftWebRtc } from "./rivals/werift-webrtc.ts";
import { compareRounds, slope, type Point, type RatioLimits } from "./statistics.ts";
import { cpuShare } from "./windows.ts";

/** An output, beside other programs that do the same. */
interface Contest {
  readonly output: Output;
  readonly rivals: readonly {
    readonly rival: Rival;
    /** How many viewers it is measured with. */
    readonly viewers: readonly number[];
    readonly cpu?: RatioLimits;
    readonly memory?: RatioLimits;
  }[];
}

const openContests = async (opening: AsyncDisposableStack): Promise<readonly Contest[]> => [
  {
    output: srtpOutput,
    rivals: [{ rival: ffmpegSrtp, viewers: [4], cpu: { limit: 0.4 }, memory: { limit: 0.1 } }],
  },
  {
    output: rtspOutput,
    rivals: [
      { rival: ffmpegRtsp, viewers: [4], cpu: { limit: 0.3 }, memory: { limit: 0.1 } },
      // Both serve all from one process, so this one is beside us for comparison only.
      { rival: gstRtsp, viewers: [1, 10, 40] },
    ],
  },
  {
    output: opening.use(await WebRtcOutput.open()),
    rivals: [{ rival: weriftWebRtc, viewers: [1, 4], cpu: { limit: 0.4 } }],
  },
  { output: mseOutput, rivals: [] },
];

interface Scale {
  readonly viewers: readonly number[];
  readonly windowMs: number;
  /** For replays to be over. */
  readonly settleMs: number;
}

/** A window is whole GOPs. */
const full: Scale = { viewers: [1, 10, 40, 100], windowMs: gopMs, settleMs: 700 };
const quick: Scale = { viewers: [1, 3], windowMs: 500, settleMs: 300 };

interface Bench {
  readonly camera: FarmCamera;
  readonly ledger: Ledger;
  readonly scale: Scale;
}

/** The viewers of one output of a gateway's media plane, the first of which checks what it gets. */
class Audience implements AsyncDisposable {
  readonly host: MediaHost;
  readonly output: Output;
  readonly #joined: AsyncDisposable[] = [];
  #watcher: Watcher | undefined;

  constructor(host: MediaHost, output: Output) {
    this.host = host;
    this.output = output;
  }

  async resize(count: number): Promise<void> {
    if (count === 0) this.#watcher = undefined;
    while (this.#joined.length > count) await this.#joined.pop()?.[Symbol.asyncDispose]();
    while (this.#joined.length < count) {
      if (this.#joined.length > 0) this.#joined.push(await this.output.join(this.host, 0));
      else this.#joined.push((this.#watcher = await this.output.watch(this.host, 0)));
    }
  }

  /** Pictures that came to the viewer that checks. */
  async pictures(): Promise<number> {
    return (await this.#watcher?.received())?.pictures ?? 0;
  }

  /** What was measured would be less than it seems if viewers had gone. */
  async assertServed(): Promise<void> {
    const served = await this.host.call("viewers");
    if (served < this.#joined.length) throw new Error(`${served} of ${this.#joined.length} viewers are left`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resize(0);
  }
}

/** Memory while viewers come: in a fresh process, for what an earlier audience left would hide what this one takes. */
const measureArrival = async (audience: Audience, { ledger, scale }: Bench): Promise<void> => {
  const { host, output } = audience;
  const memory: Point[] = [];
  for (const count of [0, ...scale.viewers]) {
    await audience.resize(count);
    await delay(scale.settleMs);
    await host.call("memory");
    memory.push([count, pssMiB(host.pid)]);
  }
  ledger.ours.add(`${output.name}.pssPerViewer`, slope(memory), "MiB");
};

/** CPU time while they go: what was compiled and allocated for the largest audience is not charged again. */
const measureDeparture = async (audience: Audience, { ledger, scale }: Bench): Promise<void> => {
  const { host, output } = audience;
  const { viewers, windowMs, settleMs } = scale;
  const [cpu, pictures]: [Point[], Point[]] = [[], []];
  for (const count of [0, ...viewers].toReversed()) {
    await audience.resize(count);
    await delay(settleMs);
    const before = await audience.pictures();
    cpu.push([count, await cpuShare([host.pid], windowMs)]);
    await audience.assertServed();
    if (count > 0) pictures.push([count, (1_000 * ((await audience.pictures()) - before)) / windowMs]);
  }
  for (const [count, share] of cpu.toReversed()) ledger.ours.add(`${output.name}.cpu.${count}`, share, "% of a core");
  for (const [count, rate] of pictures.toReversed()) ledger.ours.add(`${output.name}.pictures.${count}`, rate, "1/s");
  ledger.ours.add(`${output.name}.cpuPerViewer`, slope(cpu), "% of a core");
};

const measureOurs = async (output: Output, bench: Bench): Promise<void> => {
  await using host = await startMediaHost();
  await host.call("useCameras", [bench.camera]);
  await host.call("hold", 1);
  await delay(bench.scale.windowMs);
  await using audience = new Audience(host, output);
  await measureArrival(audience, bench);
  await measureDeparture(audience, bench);
};

/** One process a viewer: what it takes. One process for all: what each more viewer takes. */
const measureRival = async (rival: Rival, counts: readonly number[], bench: Bench): Promise<void> => {
  const { camera, ledger, scale } = bench;
  const samples = ledger.rival(rival.name, await rival.version());
  const [cpu, memory]: [Point[], Point[]] = [[], []];
  for (const count of counts) {
    await using serving = await rival.serve(camera, count);
    await delay(scale.settleMs);
    cpu.push([count, await cpuShare(serving.pids, scale.windowMs)]);
    memory.push([count, pssMiB(...serving.pids)]);
    await serving.check();
  }
  const each = (points: Point[]): number => slope(points.length === 1 ? [[0, 0], ...points] : points);
  samples.add("cpuPerViewer", each(cpu), "% of a core");
  samples.add("pssPerViewer", each(memory), "MiB");
};

const judge = (ledger: Ledger, { output, rivals }: Contest): void => {
  for (const { rival, cpu, memory } of rivals) {
    const compare = (metric: string, limits: RatioLimits | undefined): void => {
      if (limits === undefined) return;
      const name = `${output.name}.${metric}/${rival.name}`;
      const theirs = ledger.valuesOf(rival.name, metric);
      const ours = ledger.ours.of(`${output.name}.${metric}`);
      ledger.judge(name, limits, () => (theirs.length === 0 ? undefined : compareRounds(ours, theirs, limits)));
    };
    compare("cpuPerViewer", cpu);
    compare("pssPerViewer", memory);
  }
};

const run = async ({ rounds, quick: isQuick, note }: RunOptions): Promise<Report> => {
  const ledger = new Ledger("fanout");
  await using opening = new AsyncDisposableStack();
  const all = await openContests(opening);
  const contests = isQuick ? all.slice(0, 1) : all;
  await using farm = await startCameraFarm();
  // The only login that GStreamer's client knows.
  const [camera] = await farm.call("open", { count: 1, options: { digest: ["md5"], qop: false } });
  if (camera === undefined) throw new Error("there is no camera");
  const bench: Bench = { camera, ledger, scale: isQuick ? quick : full };
  for (const { rivals } of contests) {
    for (const { rival } of rivals) {
      const why = rival.missing();
      if (why !== undefined) ledger.lacks(rival.name, "", why);
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { output, rivals } of contests) {
      note(`round ${round + 1} of ${rounds}: ${output.name}`);
      await measureOurs(output, bench);
      for (const { rival, viewers } of rivals) {
        if (!ledger.isLacking(rival.name)) await measureRival(rival, isQuick ? [1] : viewers, bench);
      }
    }
  }
  for (const contest of contests) judge(ledger, contest);
  return ledger.report(rounds);
};

export const fanout: Benchmark = {
  name: "fanout",
  summary: "CPU time and memory that each more viewer of a camera takes, for every output",
  rounds: 7,
  run,
};
