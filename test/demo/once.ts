import { setTimeout as delay } from "node:timers/promises";

import { HomeKitController, type HomeKitCamera } from "../support/homekit-controller.ts";
import type { LiveView } from "../support/homekit-live-view.ts";
import { House } from "../support/house.ts";
import { readJpegStamp, readStamp, type Stamp } from "../simulator/stamp.ts";
import { decodeFrames } from "./decode.ts";
import { spread, type Spread } from "./measure.ts";

/** What the headless demo measured. Times in milliseconds. */
export interface Report {
  readonly ok: true;
  readonly snapshotMs: number;
  /** From the start being written to the first packet at the controller, with the stream warm. */
  readonly firstSrtpPacketMs: Spread;
  /** How far behind live the newest access unit was, by its stamp, one second after the join: the worst join. */
  readonly backlogMs: number;
  /** Access units that each of two live views received and whose stamps were right. */
  readonly accessUnits: readonly number[];
  readonly framesDecoded: number | null;
  readonly decoder: string | null;
  readonly motionToHomeKitMs: Spread;
  readonly motionToNodeRedMs: Spread;
  /** RTSP clients of the camera, counted by the camera, while two views were open. */
  readonly upstreamConnections: number;
}

/** A step of the headless demo that failed. */
export class StepError extends Error {
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(Error.isError(cause) ? cause.message : String(cause), { cause });
    this.name = "StepError";
    this.step = step;
  }
}

export interface OnceOptions {
  readonly folder: string;
  readonly note: (line: string) => void;
}

const joins = 11;
const motions = 20;
const gopMs = 2_000;

const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new StepError(name, error);
  }
};

const stampsOf = (view: LiveView): Stamp[] => view.video.units.flatMap(({ nals }) => readStamp(nals) ?? []);

/** Joins at moments spread evenly over the GOP, so that luck plays no part. */
const measureJoins = async (
  controller: HomeKitController,
  camera: HomeKitCamera,
): Promise<{ first: number[]; backlogMs: number }> => {
  const first: number[] = [];
  let backlogMs = 0;
  for (let join = 0; join < joins; join += 1) {
    const started = Date.now();
    await using view = await controller.openLive(camera.aid);
    await view.video.nextUnits(1);
    first.push(view.firstPacketMs ?? Number.NaN);
    await delay(1_000 - (performance.now() - view.startedAt));
    const newest = Math.max(...stampsOf(view).map(({ sentAt }) => sentAt));
    backlogMs = Math.max(backlogMs, Math.round(Date.now() - newest));
    // The next join begins one eleventh of a GOP further on.
    const stepMs = gopMs + gopMs / joins;
    await delay(Math.max(0, stepMs - ((Date.now() - started) % stepMs)));
  }
  return { first, backlogMs };
};

/** Every picture must be the camera's, and none may be missing or doubled. */
const checkStamps = (view: LiveView, camera: string): number => {
  const stamps = stampsOf(view);
  if (stamps.length !== view.video.units.length) throw new Error("an access unit came without its stamp");
  for (const [index, stamp] of stamps.entries()) {
    if (stamp.camera !== camera) throw new Error(`a picture of ${stamp.camera} came where ${camera} was asked for`);
    const before = stamps[index - 1];
    if (before !== undefined && stamp.frame !== before.frame + 1)
      throw new Error(`picture ${stamp.frame} followed ${before.frame}`);
  }
  if (view.video.lost > 0 || view.video.damaged > 0 || view.video.rejected > 0)
    throw new Error("packets were lost or damaged on loopback");
  return stamps.length;
};

const watchTwice = async (house: House, controller: HomeKitController, camera: HomeKitCamera) => {
  await using other = controller.another();
  await using one = await controller.openLive(camera.aid);
  await using two = await other.openLive(camera.aid);
  await Promise.all([one.video.nextUnits(75), two.video.nextUnits(75)]);
  const { rtspClients } = await house.simulator.counts();
  const { id } = house.simulator.facts;
  const accessUnits = [checkStamps(one, id), checkStamps(two, id)];
  const decoded = await decodeFrames(one.video.annexB());
  if (decoded.framesDecoded !== null && decoded.framesDecoded < (accessUnits[0] ?? 0))
    throw new Error("the decoder made fewer pictures than came");
  return { accessUnits, upstreamConnections: rtspClients, ...decoded };
};

const measureMotion = async (
  house: House,
  controller: HomeKitController,
): Promise<{ homekit: number[]; nodeRed: number[] }> => {
  const [homekit, nodeRed]: [number[], number[]] = [[], []];
  await using events = await controller.watch();
  for (let round = 0; round < motions; round += 1) {
    const { at, reference } = await house.simulator.motion(round % 2 === 0);
    const [seen, collected] = await Promise.all([
      events.next({ sensor: "motion", value: round % 2 === 0 }),
      house.collector.find(({ payload }) => payload.reference === reference),
    ]);
    homekit.push(performance.timeOrigin + seen.at - at);
    nodeRed.push(collected.at - at);
  }
  return { homekit, nodeRed };
};

/** The whole job without a person: pairs, takes a picture, watches twice, sees motion in Apple Home and in a flow. */
export const runOnce = async ({ folder, note }: OnceOptions): Promise<Report> => {
  await using house = await step("start the house", () => House.open({ folder, note }));
  note("Pairing a HomeKit controller ...");
  const { port, username } = house.homebridge;
  const address = { host: "127.0.0.1", port, username };
  await using controller = await step("pair HomeKit", () => HomeKitController.pair({ ...address, pin: house.pin }));
  const camera = await step("find the camera in HomeKit", () => findCamera(controller));

  note("Taking a snapshot through HomeKit ...");
  const snapshotMs = await step("snapshot", async () => {
    const started = performance.now();
    const jpeg = await controller.snapshot(camera.aid);
    const ms = performance.now() - started;
    const stamp = readJpegStamp(jpeg);
    if (stamp?.camera !== house.simulator.facts.id) throw new Error("the picture is not the camera's");
    return Math.round(ms);
  });

  note(`Opening ${joins} live views, one after the other ...`);
  const { first, backlogMs } = await step("join live", () => measureJoins(controller, camera));
  note("Watching twice at once ...");
  const watched = await step("watch twice", () => watchTwice(house, controller, camera));
  note(`Raising motion in the camera ${motions} times ...`);
  const { homekit, nodeRed } = await step("motion", () => measureMotion(house, controller));

  return {
    ok: true,
    snapshotMs,
    firstSrtpPacketMs: spread(first),
    backlogMs,
    ...watched,
    motionToHomeKitMs: spread(homekit),
    motionToNodeRedMs: spread(nodeRed),
  };
};

/** The plugin publishes a camera as soon as the gateway names it, which may be a moment after Homebridge is up. */
const findCamera = async (controller: HomeKitController): Promise<HomeKitCamera> => {
  const until = performance.now() + 15_000;
  for (;;) {
    const [camera] = await controller.cameras();
    if (camera !== undefined) return camera;
    if (performance.now() > until) throw new Error("HomeKit shows no camera");
    await delay(100);
  }
};
