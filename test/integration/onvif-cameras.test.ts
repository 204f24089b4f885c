import {
  EventBus,
  GatehouseError,
  silentLogger,
  systemClock,
  type AddCamera,
  type CameraId,
  type Event,
} from "@gatehouse/shared";
import { makeCertificate, MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { Cameras, type CamerasOptions } from "../../gateway-bridge/src/cameras/cameras.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { createTalkProbe } from "../../gateway-bridge/src/sources/rtsp-talk-probe.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";
import { freePort } from "../support/free-port.ts";
import { UnhurriedClock } from "../support/unhurried-clock.ts";
import { Simulator, type SimulatorOptions } from "../simulator/simulator.ts";
import { readJpegStamp } from "../simulator/stamp.ts";

const cancel = { signal: new AbortController().signal };
const hour = 3_600_000;
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-cameras-"));
  resources.defer(() => rm(path, { recursive: true, force: true }));
  return path;
};

const simulate = async (options: SimulatorOptions = {}): Promise<Simulator> =>
  resources.use(await Simulator.open(options));

interface House {
  readonly cameras: Cameras;
  readonly events: Event[];
  readonly log: MemoryLogger;
  /** The next event, already there or not, that this takes. */
  readonly hears: (wanted: (event: Event) => boolean) => Promise<Event>;
  readonly health: (GatehouseError | undefined)[];
}

const openHouse = async (data: string, options: Partial<CamerasOptions> = {}): Promise<House & AsyncDisposable> => {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(Database.open(join(data, "gatehouse.db")));
  const secrets = await Vault.open({ database, keyFile: join(data, "vault.key") }, cancel);
  const log = new MemoryLogger();
  const bus = new EventBus<Event>(silentLogger);
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const health: (GatehouseError | undefined)[] = [];
  bus.on((event) => {
    events.push(event);
    for (const wake of [...waiting]) wake();
  });
  const hears = (wanted: (event: Event) => boolean): Promise<Event> =>
    new Promise((resolve) => {
      const wake = (): void => {
        const at = events.findIndex(wanted);
        if (at < 0) return;
        waiting.delete(wake);
        resolve(...(events.splice(at, 1) as [Event]));
      };
      waiting.add(wake);
      wake();
    });
  const cameras = opening.use(
    await Cameras.open(
      {
        database,
        secrets,
        openSource: createRtspSource({ clock: systemClock, log }),
        probeTalk: createTalkProbe({ clock: systemClock, log }),
        bus,
        clock: systemClock,
        log,
        random: () => 0,
        interfaces: networkInterfaces,
        onEventsHealth: (_, error) => health.push(error),
        ...options,
      },
      cancel,
    ),
  );
  const own = opening.move();
  return { cameras, events, log, hears, health, [Symbol.asyncDispose]: () => own.disposeAsync() };
};
const house = async (options: Partial<CamerasOptions> = {}): Promise<House> =>
  resources.use(await openHouse(await folder(), options));

const requestFor = (simulator: Simulator, more: Partial<AddCamera> = {}): AddCamera & { warm: boolean } => ({
  address: simulator.onvifUrl,
  username: simulator.username,
  password: simulator.password,
  warm: false,
  ...more,
});
const motion =
  (camera: CameraId, active: boolean, reference?: string) =>
  (event: Event): boolean =>
    event.kind === "motion" &&
    event.camera === camera &&
    event.active === active &&
    (reference === undefined || event.reference === reference);

describe("a camera that is adopted", () => {
  it("is described, stored, announced and pictured", async () => {
    const simulator = await simulate();
    const { cameras, hears } = await house();
    const record = await cameras.add(requestFor(simulator), cancel);
    expect(record).toMatchObject({
      id: expect.stringMatching(/^cam-[a-z2-7]{16}$/) as unknown,
      name: "Gatehouse Camera simulator",
      kind: "onvif",
      url: simulator.onvifUrl,
      pin: null,
      authFloor: "digest-sha-256",
      description: {
        firmware: "1.10",
        serial: simulator.id,
        tiers: [
          { name: "main", codec: "h264", width: 1920, height: 1080, fps: 25 },
          { name: "sub", codec: "h264" },
        ],
        snapshot: true,
        motion: true,
        talk: false,
      },
    });
    expect(await hears(({ kind }) => kind === "camera-added")).toMatchObject({ camera: record.id });
    expect(await cameras.endpoint(record.id, "main", cancel)).toMatchObject({ url: simulator.rtspUrl, pin: null });
    expect(await cameras.endpoint(record.id, "sub", cancel)).toMatchObject({ url: simulator.subRtspUrl });
    const asked = systemClock.now();
    const { jpeg, capturedAt } = await cameras.snapshot(record.id, {}, cancel);
    const had = systemClock.now();
    const stamp = readJpegStamp(jpeg);
    expect(stamp?.camera).toBe(simulator.id);
    for (const at of [stamp?.sentAt ?? 0, capturedAt]) {
      expect(at).toBeGreaterThanOrEqual(asked);
      expect(at).toBeLessThanOrEqual(had);
    }
    expect(simulator.counts.authFailures).toBe(0);
  });

  it("is asked for one picture at a time, however many want it", async () => {
    const simulator = await simulate();
    const { cameras } = await house();
    const { id } = await cameras.add(requestFor(simulator), cancel);
    const pictures = await Promise.all(Array.from({ length: 8 }, () => cameras.snapshot(id, {}, cancel)));
    expect(new Set(pictures.map(({ capturedAt }) => capturedAt)).size).toBe(1);
    expect(simulator.counts.snapshots).toBe(1);
  });

  it("tells of motion by PullMessages, with its own reference", async () => {
    const simulator = await simulate();
    const { cameras, hears } = await house();
    const { id } = await cameras.add(requestFor(simulator), cancel);
    for (let round = 0; round < 3; round += 1) {
      const began = simulator.motion(true);
      expect(await hears(motion(id, true, began.reference))).toMatchObject({ topic: "VideoSource/MotionAlarm" });
      expect(cameras.inMotion()).toEqual([id]);
      const ended = simulator.motion(false);
      await hears(motion(id, false, ended.reference));
      expect(cameras.inMotion()).toEqual([]);
    }
  });

  it("is found in motion when it moved before it was watched", async () => {
    const simulator = await simulate();
    const { reference } = simulator.motion(true);
    const { cameras, hears } = await house();
    const { id } = await cameras.add(requestFor(simulator), cancel);
    await hears(motion(id, true, reference));
  });

  it("comes back after a reboot with a wrong clock", async () => {
    const simulator = await simulate();
    const { cameras, hears, health } = await house();
    const { id } = await cameras.add(requestFor(simulator), cancel);
    await hears(motion(id, true, simulator.motion(true).reference));
    simulator.moveClock(-9 * hour);
    await simulator.reboot(200);
    // Out of sight, it is not in motion.
    await hears(motion(id, false));
    const reference = await seen(simulator, { cameras, hears }, id);
    expect(reference).toContain(simulator.id);
    expect(health.some((error) => error?.code === "camera-unreachable")).toBe(true);
    expect(readJpegStamp((await cameras.snapshot(id, {}, cancel)).jpeg)?.camera).toBe(simulator.id);
    expect(simulator.counts.authFailures).toBe(0);
  });

  it("is still there when the house is opened again, and gone for good once removed", async () => {
    const simulator = await simulate();
    const data = await folder();
    let id: CameraId;
    {
      await using first = await openHouse(data);
      ({ id } = await first.cameras.add(requestFor(simulator, { name: "Door", warm: true }), cancel));
    }
    expect(simulator.counts.subscriptions).toBe(0);
    {
      await using second = await openHouse(data);
      expect(second.cameras.list()).toMatchObject([{ id, name: "Door", warm: true, authFloor: "digest-sha-256" }]);
      await second.hears(motion(id, true, simulator.motion(true).reference));
      expect((await second.cameras.snapshot(id, {}, cancel)).jpeg.length).toBeGreaterThan(1_000);
      await second.cameras.remove(id);
      expect(() => second.cameras.get(id)).toThrow(expect.objectContaining({ code: "not-found" }));
      await second.hears(({ kind }) => kind === "camera-removed");
    }
    await using third = await openHouse(data);
    expect(third.cameras.list()).toEqual([]);
    await third.cameras.add(requestFor(simulator), cancel);
  });
});

/** Raises motion until it is seen: a camera that has just come back may not be watched yet. */
const seen = async (simulator: Simulator, { hears }: Pick<House, "hears"> & { cameras: Cameras }, id: CameraId) => {
  const { reference } = simulator.motion(true);
  const event = await hears(motion(id, true, reference));
  return event.kind === "motion" ? event.reference : undefined;
};

describe("adoption", () => {
  it.each<[string, SimulatorOptions]>([
    ["Digest MD5 as of old", { digest: ["md5"], qop: false }],
    ["Digest MD5", { digest: ["md5"] }],
    ["Digest SHA-256", { digest: ["sha-256"] }],
    ["no HTTP login at all", { digest: [] }],
  ])("takes a camera with %s", async (_, options) => {
    const simulator = await simulate(options);
    const { cameras } = await house();
    const adding = cameras.add(requestFor(simulator), cancel);
    // Without Digest there is no login for RTSP either.
    if (options.digest?.length === 0) await expect(adding).rejects.toThrow(GatehouseError);
    else expect((await adding).description.tiers).toHaveLength(2);
    expect(simulator.counts.authFailures).toBe(0);
  });

  it("takes a plain RTSP camera", async () => {
    const simulator = await simulate();
    const { cameras } = await house();
    const record = await cameras.add(requestFor(simulator, { address: simulator.rtspUrl }), cancel);
    expect(record).toMatchObject({
      kind: "rtsp",
      url: simulator.rtspUrl,
      description: { snapshot: false, motion: false },
    });
    await expect(cameras.snapshot(record.id, {}, cancel)).rejects.toMatchObject({ code: "snapshot-unsupported" });
    await expect(cameras.endpoint(record.id, "sub", cancel)).rejects.toMatchObject({ code: "not-found" });
    expect(cameras.inMotion()).toEqual([]);
  });

  it.each(["onvif", "rtsp"])("pins a camera with TLS (%s) only after its fingerprint was confirmed", async (kind) => {
    const tls = makeCertificate();
    const simulator = await simulate({ tls: { key: tls.privateKey, cert: tls.certificate } });
    const { cameras } = await house();
    const address = kind === "onvif" ? simulator.onvifUrl : simulator.rtspUrl;
    const request = requestFor(simulator, { address });
    const readable = /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/;
    const unconfirmed = {
      code: "camera-fingerprint-unconfirmed",
      details: { fingerprint: tls.pin, readable: expect.stringMatching(readable) as unknown },
    };
    await expect(cameras.add(request, cancel)).rejects.toMatchObject(unconfirmed);
    const other = makeCertificate().pin;
    await expect(cameras.add({ ...request, fingerprint: other }, cancel)).rejects.toMatchObject(unconfirmed);
    expect([simulator.counts.onvifRequests, simulator.counts.rtspPlays, cameras.list()]).toEqual([0, 0, []]);
    const error = (await cameras.add(request, cancel).catch((reason: unknown) => reason)) as GatehouseError;
    const record = await cameras.add({ ...request, fingerprint: String(error.details["readable"]) }, cancel);
    expect(record.pin).toBe(tls.pin);
    expect((await cameras.endpoint(record.id, "main", cancel)).pin).toBe(tls.pin);
    if (kind === "onvif") expect((await cameras.snapshot(record.id, {}, cancel)).jpeg.length).toBeGreaterThan(1_000);
  });

  it.each<[string, (simulator: Simulator) => Partial<AddCamera>, string, number]>([
    ["a wrong password", () => ({ password: "wrong" }), "camera-credentials", 1],
    ["a wrong password of a plain stream", (s) => ({ address: s.rtspUrl, password: "wrong" }), "camera-credentials", 1],
    ["no credentials", () => ({ username: undefined, password: undefined }), "camera-credentials", 0],
    ["a password without a user", () => ({ username: undefined }), "request-invalid", 0],
    ["credentials in the address", (s) => ({ address: s.rtspUrl.replace("//", "//a:b@") }), "request-invalid", 0],
    ["a fingerprint that is none", () => ({ fingerprint: "AB:CD" }), "request-invalid", 0],
    ["an address that is none", () => ({ address: "http://" }), "request-invalid", 0],
    ["a port where nobody listens", () => ({ address: "127.0.0.1:9" }), "camera-unreachable", 0],
    ["a host that does not exist", () => ({ address: "camera.invalid" }), "camera-unreachable", 0],
  ])("of %s fails clearly and changes nothing", async (_, more, code, tries) => {
    const simulator = await simulate();
    const { cameras, events } = await house();
    const error = await cameras.add(requestFor(simulator, more(simulator)), cancel).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(/./) as unknown,
      remedy: expect.stringMatching(/./) as unknown,
    });
    expect([cameras.list(), events, simulator.counts.authFailures]).toEqual([[], [], tries]);
  });

  it("takes a camera once", async () => {
    const simulator = await simulate();
    const { cameras } = await house();
    const { id } = await cameras.add(requestFor(simulator), cancel);
    await expect(cameras.add(requestFor(simulator), cancel)).rejects.toMatchObject({
      code: "camera-exists",
      details: { camera: id },
    });
    const both = await Promise.allSettled([
      cameras.add(requestFor(simulator, { address: simulator.rtspUrl }), cancel),
      cameras.add(requestFor(simulator, { address: simulator.rtspUrl }), cancel),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(cameras.list()).toHaveLength(2);
  });

  it("stops when the asker goes away", async () => {
    const simulator = await simulate();
    const { cameras } = await house();
    const controller = new AbortController();
    const adding = cameras.add(requestFor(simulator), controller);
    controller.abort(new GatehouseError("aborted", "gone"));
    await expect(adding).rejects.toMatchObject({ code: "aborted" });
    expect(cameras.list()).toEqual([]);
  });
});

it("finds cameras on the network, and says which of them are here already", async () => {
  const port = await freePort();
  const simulator = await simulate({ discovery: { address: "127.0.0.1", port } });
  const discovery = { from: ["127.0.0.1"], to: { address: "127.0.0.1", port }, timeoutMs: 400 };
  const { cameras } = await house({ discovery, clock: new UnhurriedClock() });
  const expected = { address: simulator.onvifUrl, name: `Gatehouse ${simulator.id}`, hardware: "Camera simulator" };
  expect(await cameras.discover(cancel)).toMatchObject([{ ...expected, added: false }]);
  await cameras.add(requestFor(simulator), cancel);
  expect(await cameras.discover(cancel)).toMatchObject([{ ...expected, added: true }]);
});

it("never writes a credential to the log", async () => {
  const simulator = await simulate({ password: "canary-password" });
  const { cameras, log } = await house();
  await cameras.add(requestFor(simulator), cancel);
  await simulator.reboot(100);
  await cameras
    .add(requestFor(simulator, { address: simulator.rtspUrl, password: "canary-wrong" }), cancel)
    .catch(() => 0);
  expect(JSON.stringify(log.lines)).not.toContain("canary");
});
