import { EventBus, systemClock, type Cancellable, type Event, type TierName } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";

import { Cameras } from "../../gateway-bridge/src/cameras/cameras.ts";
import { sharedForMs } from "../../gateway-bridge/src/cameras/snapshot-policy.ts";
import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { KeyPictureDecoder } from "../../gateway-bridge/src/media/ffmpeg/key-picture-jpeg.ts";
import { StreamKeyPictures } from "../../gateway-bridge/src/media/stream-key-pictures.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import type { SecretStore } from "../../gateway-bridge/src/ports.ts";
import { readJpegSize } from "../../gateway-bridge/src/protocols/jpeg/jpeg-size.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Simulator, type SimulatorOptions } from "../simulator/simulator.ts";
import { describeWith } from "../support/needs.ts";
import { SetClock } from "../support/set-clock.ts";

const cancel: Cancellable = { signal: new AbortController().signal };
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

/** The time that cameras go by. It can stand: then no picture gets too old to be shared, however long it takes to be made. */
class StandingClock extends SetClock {
  #stood: { readonly now: number; readonly monotonic: number } | undefined;

  override now(): number {
    return this.#stood?.now ?? super.now();
  }

  override monotonic(): number {
    return this.#stood?.monotonic ?? super.monotonic();
  }

  stand(): void {
    this.#stood = { now: this.now(), monotonic: this.monotonic() };
  }

  goOn(): void {
    this.#stood = undefined;
  }
}

class MemorySecrets implements SecretStore {
  readonly #kept = new Map<string, Buffer>();
  put(name: string, content: Uint8Array): void {
    this.#kept.set(name, Buffer.from(content));
  }
  get(name: string): Buffer | undefined {
    return this.#kept.get(name);
  }
  delete(name: string): void {
    this.#kept.delete(name);
  }
}

const ffmpeg = Ffmpeg.create({
  searchPath: "/usr/bin:/bin",
  unsandboxed: true,
  clock: systemClock,
  log: new MemoryLogger(),
});

/** Cameras and their streams as a gateway has them, with a count of what ffmpeg was asked for. */
const openHouse = async () => {
  const log = new MemoryLogger();
  const [clock, random] = [systemClock, () => 0];
  const openSource = createRtspSource({ clock, log });
  const decoder = resources.use(new KeyPictureDecoder({ ffmpeg, clock }));
  const { available } = await ffmpeg.status(cancel);
  let decoded = 0;
  const pictures: StreamKeyPictures = new StreamKeyPictures({
    streams: () => streams,
    decode: (picture, within) => {
      decoded += 1;
      return decoder.decodeToJpeg(picture, within);
    },
    decodable: () => available,
    clock,
  });
  const database = resources.use(Database.openInMemory());
  const camerasClock = new StandingClock();
  const cameras: Cameras = resources.use(
    await Cameras.open(
      {
        database,
        secrets: new MemorySecrets(),
        openSource,
        probeTalk: async () => false,
        pictures,
        bus: new EventBus<Event>(log),
        clock: camerasClock,
        log,
        random,
        interfaces: networkInterfaces,
      },
      cancel,
    ),
  );
  const endpoint = (...[camera, tier, within]: [Parameters<Cameras["endpoint"]>[0], TierName, Cancellable]) =>
    cameras.endpoint(camera, tier, within);
  const streams: Streams = resources.use(Streams.create({ endpoint, openSource, clock, log, random, lingerMs: 200 }));
  return { cameras, camerasClock, streams, decoded: () => decoded };
};

const openRtsp = async (options: SimulatorOptions = {}) => {
  const simulator = resources.use(await Simulator.open({ bitrateKbps: 500, ...options }));
  const house = await openHouse();
  const { username, password, rtspUrl: address } = simulator;
  const camera = await house.cameras.add({ address, username, password, warm: false }, cancel);
  return { ...house, simulator, camera, id: camera.id };
};

describeWith(["ffmpeg"], "A snapshot of a camera that has none of its own", () => {
  it.each(["h264", "h265"] as const)("is its stream's key picture, of %s", async (codec) => {
    const { camera, cameras, camerasClock, streams, id, decoded, simulator } = await openRtsp({ codec });
    expect(camera.description.snapshot).toBe(true);
    camerasClock.stand();
    const before = systemClock.now();
    const cold = await cameras.snapshot(id, {}, cancel);
    expect(readJpegSize(cold.jpeg)).toEqual({ width: 1920, height: 1080 });
    expect(cold.capturedAt).toBeGreaterThanOrEqual(before);
    expect(cold.capturedAt).toBeLessThanOrEqual(systemClock.now());

    // The whole picture serves smaller wishes for a while.
    expect(await cameras.snapshot(id, { width: 600 }, cancel)).toBe(cold);
    camerasClock.goOn();
    using _warm = streams.of(id, "main").hold();
    await streams.of(id, "main").ready(cancel);
    await systemClock.delay(sharedForMs, cancel);
    const newest = streams.of(id, "main").recent(0)[0]!;
    const newestCameAt = systemClock.now() - (systemClock.monotonic() - newest.arrivedAt);
    const [small, again] = await Promise.all([
      cameras.snapshot(id, { width: 600 }, cancel),
      cameras.snapshot(id, { width: 640 }, cancel),
    ]);
    expect(readJpegSize(small.jpeg)).toEqual({ width: 640, height: 360 });
    expect(again).toBe(small);
    expect(small.capturedAt).toBeGreaterThanOrEqual(newestCameAt - 2);
    expect(decoded()).toBe(2);
    expect(simulator.counts.snapshots).toBe(0);
  });

  it("is the next key picture where a fresh one is wanted", async () => {
    const { cameras, streams, id } = await openRtsp();
    using _warm = streams.of(id, "main").hold();
    await streams.of(id, "main").ready(cancel);
    const asked = systemClock.now();
    const [one, other] = await Promise.all([
      cameras.snapshot(id, { fresh: true }, cancel),
      cameras.snapshot(id, { fresh: true }, cancel),
    ]);
    expect(one.capturedAt).toBeGreaterThanOrEqual(asked - 1);
    expect(other).toBe(one);
  });

  it("lets the camera go afterwards", async () => {
    const { cameras, id, simulator } = await openRtsp();
    await cameras.snapshot(id, {}, cancel);
    while (simulator.counts.rtspClients > 0) await systemClock.delay(50, cancel);
  });
});

describeWith(["ffmpeg"], "A snapshot of a camera that has its own", () => {
  it("is that, and nothing is decoded", async () => {
    const simulator = resources.use(await Simulator.open({ bitrateKbps: 500 }));
    const { cameras, decoded } = await openHouse();
    const { username, password, onvifUrl: address } = simulator;
    const { id } = await cameras.add({ address, username, password, warm: false }, cancel);
    await cameras.snapshot(id, {}, cancel);
    expect([simulator.counts.snapshots, decoded()]).toEqual([1, 0]);
  });
});

describeWith([], "A camera of still pictures", () => {
  it("is added by its address, shows them, and has no live view", async () => {
    const jpeg = Buffer.from("ffd8ffc0000b0802d0050001011100ffd9", "hex");
    const server = createServer((_, response) => response.setHeader("content-type", "image/jpeg").end(jpeg));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    resources.defer(() => void server.close());
    const { cameras, streams, decoded } = await openHouse();
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/now.jpg`;
    const { id, kind, description } = await cameras.add({ address, warm: true }, cancel);
    expect([kind, description.tiers]).toEqual([
      "still",
      [{ name: "main", codec: "jpeg", width: 1280, height: 720, fps: 0 }],
    ]);
    expect((await cameras.snapshot(id, { width: 320 }, cancel)).jpeg).toEqual(jpeg);
    await expect(streams.of(id, "main").ready(cancel)).rejects.toMatchObject({ code: "camera-no-video" });
    server.close();
    server.closeAllConnections();
    // Nothing else is tried in its place.
    await expect(cameras.snapshot(id, { fresh: true }, cancel)).rejects.toMatchObject({ code: "camera-unreachable" });
    expect(decoded()).toBe(0);
  });
});
