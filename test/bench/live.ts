import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isError } from "@gatehouse/shared";

import { freePort } from "../support/free-port.ts";
import { HomebridgeProcess } from "../support/homebridge.ts";
import { have } from "../support/packages.ts";
import { gopMs, startCameraFarm, type FarmCamera } from "./camera-farm/farm.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger, type Samples } from "./ledger.ts";
import { openApplication } from "./live/application-house.ts";
import { startGateway, startOurHomebridge } from "./live/gateway-house.ts";
import { GopPhase } from "./live/gop-phase.ts";
import { HomeKitViewing } from "./live/homekit-viewing.ts";
import type { Viewing } from "./live/join.ts";
import { MseViewing } from "./live/mse-viewing.ts";
import { RtspViewing } from "./live/rtsp-viewing.ts";
import { WebRtcViewing } from "./live/webrtc-viewing.ts";
import { cameraFfmpeg, cameraUi, type HomebridgePlugin } from "./rivals/homebridge-plugins.ts";
import { installPackage } from "./rivals/npm-package.ts";
import { boundMedian, compareRounds } from "./statistics.ts";

const rivals = [
  { plugin: cameraFfmpeg, limit: { limit: 0.05 } },
  { plugin: cameraUi, limit: { limit: 1 / 3 } },
] as const;
const backlogLimit = { limit: 300 };

/** Somebody who joins once a round, and where it is written down. */
interface Contender {
  readonly name: string;
  readonly viewing: Viewing;
  readonly samples: Samples;
}

interface Setting {
  readonly folder: string;
  readonly cameras: Readonly<Record<"warm" | "cold", FarmCamera>>;
  readonly opened: AsyncDisposableStack;
  readonly ledger: Ledger;
}

const openOurs = async ({ folder, cameras, opened, ledger }: Setting): Promise<Contender[]> => {
  const gateway = opened.use(
    await startGateway(folder, [
      { name: "Warm", camera: cameras.warm, warm: true },
      { name: "Cold", camera: cameras.cold, warm: false },
    ]),
  );
  const application = await openApplication(gateway, "Warm", cameras.warm);
  const homebridge = opened.use(await startOurHomebridge(folder, gateway));
  const warm = opened.use(await HomeKitViewing.open(homebridge, { name: "Warm", id: cameras.warm.id }));
  const cold = opened.use(await warm.another("Cold", cameras.cold.id));
  const viewings: [string, Viewing][] = [
    ["srtp.warm", warm],
    ["srtp.cold", cold],
    ["rtsps.warm", new RtspViewing(application)],
  ];
  if (have("chromium")) {
    viewings.push(["webrtc.warm", opened.use(await WebRtcViewing.open(application))]);
    viewings.push(["mse.warm", opened.use(await MseViewing.open(application))]);
  }
  return viewings.map(([name, viewing]) => ({ name, viewing, samples: ledger.ours }));
};

/** The same camera in a Homebridge with somebody else's plugin. */
const openRival = async (
  plugin: HomebridgePlugin,
  { folder, cameras, opened, ledger }: Setting,
): Promise<Contender[]> => {
  const { name, version } = plugin.package;
  try {
    if (!have("ffmpeg")) throw new Error("ffmpeg is not installed");
    const homebridge = opened.use(
      await HomebridgeProcess.start({
        storage: join(folder, name),
        plugin: await installPackage(plugin.package),
        platformConfig: plugin.platformConfig(cameras.warm, await freePort()),
      }),
    );
    const viewing = opened.use(await HomeKitViewing.open(homebridge, { name: "Camera", id: cameras.warm.id }));
    return [{ name: "srtp.warm", viewing, samples: ledger.rival(name, version) }];
  } catch (error) {
    const message = isError(error) ? error.message : String(error);
    ledger.lacks(name, version, message.slice(0, 300));
    return [];
  }
};

const judge = (ledger: Ledger): void => {
  const ours = ledger.ours.of("srtp.warm.firstKeyMs");
  for (const { plugin, limit } of rivals) {
    const theirs = ledger.valuesOf(plugin.package.name, "srtp.warm.firstKeyMs");
    const compare = () => (theirs.length === 0 ? undefined : compareRounds(ours, theirs, limit));
    ledger.judge(`srtp.warm.firstKeyMs/${plugin.package.name}`, limit, compare);
  }
  for (const output of ["srtp", "rtsps", "webrtc", "mse"]) {
    const backlog = ledger.ours.of(`${output}.warm.backlogMs`);
    const bound = () => (backlog.length === 0 ? undefined : boundMedian(backlog, backlogLimit));
    ledger.judge(`${output}.warm.backlogMs`, backlogLimit, bound);
  }
};

/** One join of everybody, all at the same moment of the camera's GOP. */
const joinAll = async (contenders: readonly Contender[], phase: GopPhase, share: number): Promise<void> => {
  for (const { name, viewing, samples } of contenders) {
    await phase.wait(share);
    const { firstKeyMs, backlogMs } = await viewing.join();
    samples.add(`${name}.firstKeyMs`, firstKeyMs, "ms");
    samples.add(`${name}.backlogMs`, backlogMs, "ms");
  }
};

const run = async ({ rounds, quick, note }: RunOptions): Promise<Report> => {
  const ledger = new Ledger("live");
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-live-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const farm = opened.use(await startCameraFarm());
  const [warm, cold] = await farm.call("open", { count: 2 });
  if (warm === undefined || cold === undefined) throw new Error("there are no cameras");
  const setting: Setting = { folder, cameras: { warm, cold }, opened, ledger };
  note("Starting a gateway and Homebridges ...");
  const contenders = await openOurs(setting);
  for (const { plugin } of quick ? [] : rivals) contenders.push(...(await openRival(plugin, setting)));
  // The first join of each compiles code and fills caches; it tells where the GOPs begin, too.
  const joins = [];
  for (const { viewing } of contenders) joins.push(await viewing.join());
  const phase = new GopPhase(joins[0]?.keyAt ?? 0);
  await delay(gopMs);
  for (let round = 0; round < rounds; round += 1) {
    note(`round ${round + 1} of ${rounds}`);
    await joinAll(contenders, phase, (round + 0.5) / rounds);
  }
  judge(ledger);
  return ledger.report(rounds);
};

export const live: Benchmark = {
  name: "live",
  summary: "time to the first whole key picture at a viewer, and how far behind live it is a second later",
  rounds: 11,
  run,
};
