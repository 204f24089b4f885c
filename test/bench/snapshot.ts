import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { GatewayClient, isError, loadIdentity, silentLogger, systemClock, type Camera } from "@gatehouse/shared";

import { sharedForMs } from "../../gateway-bridge/src/cameras/snapshot-policy.ts";
import { have } from "../support/packages.ts";
import { startCameraFarm, urlWithLogin, type FarmCamera } from "./camera-farm/farm.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { Ledger } from "./ledger.ts";
import { startGateway } from "./live/gateway-house.ts";
import { GopPhase } from "./live/gop-phase.ts";
import { ffmpegPath, versionOf } from "./rivals/program.ts";
import { comparePercentile } from "./statistics.ts";

const run = promisify(execFile);
const limit = { limit: 0.25 };
const worst = 0.95;
const rival = "ffmpeg -i rtsp -frames:v 1";
const largestPicture = 16 * 2 ** 20;
const never: AbortSignal = new AbortController().signal;

/** How the gateway comes by a picture: the camera has stills of its own, or its stream's newest key picture is decoded. */
const kinds = ["camera", "keyPicture"] as const;
type Kind = (typeof kinds)[number];

const assertJpeg = (bytes: Buffer): void => {
  if (bytes.length < 1_000 || bytes.readUInt16BE(0) !== 0xffd8) throw new Error("that is no JPEG");
};

/** What one does without a gateway: connect, wait for a key picture, decode it. */
const grab = async (camera: FarmCamera): Promise<number> => {
  const started = performance.now();
  const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", urlWithLogin(camera), "-frames:v", "1"];
  const output = ["-f", "image2", "-c:v", "mjpeg", "pipe:1"];
  const { stdout } = await run(ffmpegPath, [...args, ...output], { encoding: "buffer", maxBuffer: largestPicture });
  assertJpeg(stdout);
  return performance.now() - started;
};

/** A gateway with a camera of each kind, both warm, and somebody who asks it for pictures. */
class Asker implements AsyncDisposable {
  readonly #client: GatewayClient;
  readonly #cameras: ReadonlyMap<string, Camera>;

  private constructor(client: GatewayClient, cameras: ReadonlyMap<string, Camera>) {
    this.#client = client;
    this.#cameras = cameras;
  }

  static async open(data: string): Promise<Asker> {
    const identity = await loadIdentity(join(data, "cli.json"));
    if (identity === undefined) throw new Error("the gateway has no owner");
    const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0.5 });
    const cameras = await client.call("listCameras", {}, { signal: never });
    return new Asker(client, new Map(cameras.map((camera) => [camera.name, camera])));
  }

  /** Asks for a picture that nobody asked for before, and returns how long that took and how old it was. */
  async ask(kind: Kind): Promise<{ readonly ms: number; readonly ageMs: number }> {
    const camera = this.#cameras.get(kind);
    if (camera === undefined) throw new Error(`no camera ${kind}`);
    const started = performance.now();
    const { jpeg, capturedAt } = await this.#client.snapshot(camera.id, {}, { signal: never });
    const ms = performance.now() - started;
    assertJpeg(jpeg);
    return { ms, ageMs: Date.now() - capturedAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

const measure = async ({ rounds, note }: RunOptions): Promise<Report> => {
  const ledger = new Ledger("snapshot");
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-snapshot-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const farm = opened.use(await startCameraFarm());
  const [own, plain] = await farm.call("open", { count: 2 });
  if (own === undefined || plain === undefined) throw new Error("there are no cameras");
  note("Starting a gateway ...");
  const gateway = opened.use(
    await startGateway(folder, [
      { name: "camera", camera: own, warm: true },
      // Known by its stream alone, so nothing tells where it has stills.
      { name: "keyPicture", camera: { ...plain, onvifUrl: plain.rtspUrl }, warm: true },
    ]),
  );
  const asker = opened.use(await Asker.open(gateway.data));
  const able = await firstPictures(asker, note);
  const version = have("ffmpeg") ? await versionOf(ffmpegPath, "-version") : "";
  if (version === "") ledger.lacks(rival, version, "ffmpeg is not installed");
  const phase = new GopPhase(Date.now());
  for (let round = 0; round < rounds; round += 1) {
    note(`round ${round + 1} of ${rounds}`);
    // A picture of the last seconds would be shared with the next who asks.
    await delay(sharedForMs);
    await phase.wait((round + 0.5) / rounds);
    for (const kind of able) {
      const { ms, ageMs } = await asker.ask(kind);
      ledger.ours.add(`${kind}.ms`, ms, "ms");
      ledger.ours.add(`${kind}.ageMs`, ageMs, "ms");
    }
    if (version !== "") ledger.rival(rival, version).add("ms", await grab(plain), "ms");
  }
  for (const kind of kinds) judge(ledger, kind);
  return ledger.report(rounds);
};

/** What is compiled and connected by the first picture is warm afterwards. A kind that this gateway cannot do is left out. */
const firstPictures = async (asker: Asker, note: RunOptions["note"]): Promise<readonly Kind[]> => {
  const able: Kind[] = [];
  for (const kind of kinds) {
    try {
      await asker.ask(kind);
      able.push(kind);
    } catch (error) {
      note(`no snapshot of the kind ${kind}: ${isError(error) ? error.message : String(error)}`);
    }
  }
  return able;
};

const judge = (ledger: Ledger, kind: Kind): void => {
  const [ours, theirs] = [ledger.ours.of(`${kind}.ms`), ledger.valuesOf(rival, "ms")];
  ledger.judge(`${kind}.p95/${rival}`, limit, () =>
    ours.length === 0 || theirs.length === 0
      ? undefined
      : comparePercentile(ours, theirs, { share: worst, limits: limit }),
  );
};

export const snapshot: Benchmark = {
  name: "snapshot",
  summary: "time to a still picture of a camera that is connected already, beside an ffmpeg that is not",
  rounds: 20,
  run: measure,
};
