import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isError } from "@gatehouse/shared";

import { startCameraFarm, type FarmCamera } from "./camera-farm/farm.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import { startMediaHost, type MediaHost } from "./media-host/host.ts";
import { openOutputs } from "./outputs/all.ts";
import type { Output, Watcher } from "./outputs/output.ts";
import { openGatewayDoor } from "./soak/gateway-door.ts";
import { doorOf, type RevolvingDoor } from "./soak/revolving-door.ts";
import { boundCount, boundSlope, type Point } from "./statistics.ts";

const limits = {
  /** Pictures that the gateway dropped, or that are missing in a TCP connection. */
  lost: { limit: 0 },
  /** Bytes that each connection leaves behind. */
  leak: { limit: 2_048 },
  /** File descriptors, or handles, that are left over in the end. */
  left: { limit: 0 },
};
/** What goes by UDP may be lost on the way, which is not the gateway's doing. */
const reliable = new Set(["rtsp", "mse"]);

interface Scale {
  readonly minuteMs: number;
  readonly warmUp: number;
  readonly connects: number;
  /** Connections between two looks at the memory. */
  readonly step: number;
  readonly settleMs: number;
}

const full: Scale = { minuteMs: 60_000, warmUp: 200, connects: 1_000, step: 50, settleMs: 500 };
const quick: Scale = { minuteMs: 2_000, warmUp: 2, connects: 8, step: 4, settleMs: 100 };

interface Bench {
  readonly camera: FarmCamera;
  readonly outputs: readonly Output[];
  readonly ledger: Ledger;
  readonly scale: Scale;
  readonly minutes: number;
  readonly note: (line: string) => void;
}

const startHost = async ({ camera }: Bench): Promise<MediaHost> => {
  const host = await startMediaHost();
  await host.call("useCameras", [camera]);
  await host.call("hold", 1);
  return host;
};

/** One viewer of each output, for as long as was asked: none may miss a picture. */
const watchLong = async (bench: Bench): Promise<void> => {
  const { outputs, ledger, scale, minutes, note } = bench;
  await using host = await startHost(bench);
  await using opened = new AsyncDisposableStack();
  const watchers: (readonly [string, Watcher])[] = [];
  for (const output of outputs) watchers.push([output.name, opened.use(await output.watch(host, 0))]);
  for (let minute = 0; minute < minutes; minute += 1) {
    await delay(scale.minuteMs);
    note(`watched for ${minute + 1} of ${minutes} minutes`);
    ledger.ours.add("watch.memory", (await host.call("memory")) / 2 ** 20, "MiB");
  }
  const dropped = await host.call("dropped");
  ledger.judge("watch.dropped", limits.lost, () => boundCount(dropped, limits.lost));
  for (const [name, watcher] of watchers) {
    const { pictures, missing } = await watcher.received();
    ledger.ours.add(`${name}.pictures`, pictures, "");
    ledger.ours.add(`${name}.missing`, missing, "");
    if (!reliable.has(name)) continue;
    // A viewer that got nothing missed nothing.
    const lost = pictures === 0 ? Number.NaN : missing;
    ledger.judge(`${name}.missing`, limits.lost, () => boundCount(lost, limits.lost));
  }
};

/** Viewers that come and go, one after the other: nothing of them may stay. */
const churn = async (door: RevolvingDoor, { ledger, scale, note }: Bench): Promise<void> => {
  const { name } = door;
  const pass = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) await door.pass();
  };
  await pass(scale.warmUp);
  const before = await door.holdings();
  const points: Point[] = [[0, before.memory]];
  let after = before;
  for (let done = scale.step; done <= scale.connects; done += scale.step) {
    await pass(scale.step);
    after = await door.holdings();
    points.push([done, after.memory]);
    ledger.ours.add(`${name}.memory`, after.memory / 2 ** 20, "MiB");
  }
  note(`${name}: ${scale.connects} viewers came and went`);
  ledger.judge(`${name}.bytesPerConnect`, limits.leak, () => boundSlope(points, limits.leak));
  const files = after.files - before.files;
  ledger.judge(`${name}.descriptorsLeft`, limits.left, () => boundCount(files, limits.left));
  const resources = after.resources - before.resources;
  ledger.judge(`${name}.handlesLeft`, limits.left, () => boundCount(resources, limits.left));
};

/** What was measured of the others stays, where one is broken. */
const tryChurn = async (door: RevolvingDoor, bench: Bench): Promise<void> => {
  try {
    await churn(door, bench);
  } catch (error) {
    bench.note(`${door.name}: ${isError(error) ? error.message : String(error)}`);
    bench.ledger.judge(`${door.name}.bytesPerConnect`, limits.leak, () => undefined);
  }
};

/** Every output of the media plane alone, and then HomeKit's by way of a whole gateway. */
const churnAll = async (bench: Bench): Promise<void> => {
  const { outputs, camera, scale } = bench;
  const { settleMs } = scale;
  for (const output of outputs) {
    await using host = await startHost(bench);
    await tryChurn(doorOf(host, output, settleMs), bench);
  }
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-soak-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await tryChurn(await openGatewayDoor(opened, { folder, camera, settleMs }), bench);
};

const run = async ({ rounds, quick: isQuick, note }: RunOptions): Promise<Report> => {
  await using opened = new AsyncDisposableStack();
  const ledger = new Ledger("soak");
  const farm = opened.use(await startCameraFarm());
  const [camera] = await farm.call("open", { count: 1 });
  if (camera === undefined) throw new Error("there is no camera");
  const outputs = await openOutputs(opened);
  const bench: Bench = { camera, outputs, ledger, scale: isQuick ? quick : full, minutes: rounds, note };
  await watchLong(bench);
  await churnAll(bench);
  const report = ledger.report(rounds);
  return isQuick ? { ...report, verdict: "inconclusive" } : report;
};

export const soak: Benchmark = {
  name: "soak",
  summary: "a viewer of every output for as many minutes as --rounds says, then 1,000 that come and go",
  rounds: 10,
  run,
};
