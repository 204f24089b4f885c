import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatehouseError, type Camera, type Event } from "@gatehouse/shared";
import { FakeGateway, fakeCameraId, makeCamera, type FakeHandlers } from "@gatehouse/shared/testing";

import { FakeHomeKitMedia } from "../support/fake-homekit-media.ts";
import { freePort } from "../support/free-port.ts";
import { HomebridgeProcess, platformConfigIn } from "../support/homebridge.ts";
import { HomeKitController, setupStatus, type HomeKitCamera } from "../support/homekit-controller.ts";
import type { SensorEvents } from "../support/homekit-sensor-events.ts";
import { decodeTlv, tlvRequired } from "../support/tlv8.ts";

const jpeg = Buffer.from("ffd8ffe000104a46494600ffd9", "hex");
const front = makeCamera({ name: "Front door", serial: "SN-1", firmware: "V5.7.3 build 1", audio: "opus" });
const back = makeCamera({ id: fakeCameraId("b"), name: "Back yard", serial: "SN-2" });
const late = makeCamera({ id: fakeCameraId("c"), name: "Garage", serial: "SN-3", talk: true });
const eventId = "7f0c7e1c-6a3f-4c56-9a50-0d9a39f3c9a1";

describe("homebridge-gatehouse in a real Homebridge, with a real HomeKit controller", () => {
  const media = new FakeHomeKitMedia();
  const handlers: FakeHandlers = {};
  const cameras: Camera[] = [front, back];
  let storage: string;
  let gateway: FakeGateway;
  let homebridge: HomebridgeProcess;
  let controller: HomeKitController;
  let events: SensorEvents;

  const happy = (): FakeHandlers => ({
    snapshot: () => ({ jpeg, capturedAt: 1 }),
    prepareHomeKitSession: ({ params, body }) => media.prepare(params.camera, body),
    startHomeKitSession: ({ params, body }) => {
      media.start(params.session, body);
      return {};
    },
    endHomeKitSession: ({ params }) => {
      media.end(params.session);
      return {};
    },
  });
  const address = () => ({ host: "127.0.0.1", port: homebridge.port, username: homebridge.username });
  const find = async (name: string, from = controller): Promise<HomeKitCamera> => {
    const found = (await from.cameras()).find((one) => one.name === name);
    if (found === undefined) throw new Error(`no camera ${name}`);
    return found;
  };
  const names = async (): Promise<string[]> => (await controller.cameras()).map(({ name }) => name).sort();
  const emit = (event: Record<string, unknown>): void => gateway.emit({ id: eventId, at: 1, ...event } as Event);
  const eventually = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  beforeAll(async () => {
    storage = await mkdtemp(join(tmpdir(), "gatehouse-homebridge-"));
    Object.assign(handlers, happy());
    // It comes back at the same port, which nobody may be given meanwhile.
    gateway = await FakeGateway.open({ handlers, cameras, port: await freePort() });
    homebridge = await HomebridgeProcess.start({ storage, platformConfig: { pairingString: gateway.pairingString } });
    await homebridge.logged(/Connected to the gateway/);
    controller = await HomeKitController.pair({ ...address(), pin: homebridge.pin });
    events = await controller.watch();
  }, 120_000);

  afterAll(async () => {
    await controller[Symbol.asyncDispose]();
    await homebridge[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    media[Symbol.dispose]();
    await rm(storage, { recursive: true, force: true });
  });

  it("pairs once, keeps its key to itself and leaves no secret in config.json", async () => {
    await homebridge.logged(/removed from config\.json/);
    expect((await platformConfigIn(storage))["pairingString"]).toBe("");
    expect(await readFile(join(storage, "config.json"), "utf8")).not.toContain(gateway.pairingString);
    expect((await stat(join(storage, "gatehouse/identity.json"))).mode & 0o777).toBe(0o600);
    expect(homebridge.lines.join("\n")).not.toContain(gateway.pairingString);
  });

  it("shows each camera as an accessory with four streams and a motion sensor, and a microphone only where there is sound", async () => {
    expect(await names()).toEqual(["Back yard", "Front door"]);
    const [door, yard] = [await find("Front door"), await find("Back yard")];
    expect(door).toMatchObject({ serial: "SN-1", sound: true, talk: false });
    expect(yard).toMatchObject({ serial: "SN-2", sound: false, talk: false });
    expect(door.slots).toHaveLength(4);
    expect(await controller.read(door.motion, door.active, yard.active)).toEqual([0, 1, 1]);
  });

  it("advertises the same streams for every camera: H.264 up to level 4.0, Opus, one SRTP suite", async () => {
    const [door, yard] = [await find("Front door"), await find("Back yard")];
    const [video, audio, rtp] = await controller.read(door.slots[0]!.video, door.slots[0]!.audio, door.slots[0]!.rtp);
    expect(await controller.read(yard.slots[0]!.video, yard.slots[0]!.audio, yard.slots[0]!.rtp)).toEqual([video, audio, rtp]); // prettier-ignore
    const parsed = (value: unknown) => decodeTlv(Buffer.from(String(value), "base64"));
    const h264 = decodeTlv(tlvRequired(parsed(video), 1));
    const sizes = h264.filter(([type]) => type === 3).map(([, size]) => decodeTlv(size).map(([, one]) => one.readUIntLE(0, one.length))); // prettier-ignore
    expect(sizes).toContainEqual([1920, 1080, 30]);
    expect(sizes).toContainEqual([320, 240, 15]);
    expect(tlvRequired(decodeTlv(tlvRequired(parsed(audio), 1)), 1)).toEqual(Buffer.of(3));
    expect(parsed(rtp)).toEqual([[2, Buffer.of(0)]]);
  });

  it("answers a snapshot with the gateway's picture", async () => {
    const door = await find("Front door");
    expect(await controller.snapshot(door.aid, 640, 360)).toEqual(jpeg);
    const asked = gateway.requests.findLast(({ name }) => name === "snapshot");
    expect(asked?.request).toMatchObject({ params: { camera: front.id }, query: { width: 640, height: 360 } });
  });

  it("refuses a snapshot with a status of HomeKit's when the gateway denies it, and shows no earlier picture", async () => {
    const door = await find("Front door");
    await controller.snapshot(door.aid);
    handlers.snapshot = () => {
      throw new GatehouseError("access-denied", "no grant");
    };
    await expect(controller.snapshot(door.aid)).rejects.toMatchObject({ status: -70401 });
    Object.assign(handlers, happy());
  });

  it("notifies motion, and its end", async () => {
    const door = await find("Front door");
    for (const active of [true, false]) {
      emit({ kind: "motion", camera: front.id, active, topic: "RuleEngine/CellMotionDetector/Motion" });
      expect(await events.next({ sensor: "motion" })).toMatchObject({ aid: door.aid, value: active });
    }
  });

  it("hands the viewer the gateway's address, keys and SSRC, then carries start and end to the gateway", async () => {
    const door = await find("Front door");
    const view = await controller.openLive(door.aid, { width: 1920, height: 1080, rtcpInterval: 0.05 });
    const session = media.sessions.at(-1)!;
    const { prepared, prepare } = session;
    expect(view.endpoint).toMatchObject({ address: "127.0.0.1", videoPort: prepared.video.port, videoSsrc: prepared.video.ssrc }); // prettier-ignore
    expect(view.endpoint.videoSrtp.key.toString("base64")).toBe(prepared.video.srtp.key);
    expect(view.endpoint.videoSrtp.salt.toString("base64")).toBe(prepared.video.srtp.salt);
    expect(session.camera).toBe(front.id);
    expect(prepare).toMatchObject({ localAddress: "127.0.0.1", viewer: { address: "127.0.0.1" } });
    // A camera whose sound is not prepared still needs an audio endpoint; its keys must not be the viewer's.
    expect(view.endpoint.audioSrtp.key.toString("base64")).not.toBe(prepare.viewer.audioSrtp?.key);
    expect(session.start).toMatchObject({ audio: null, video: { payloadType: 99, width: 1920, height: 1080, fps: 30, mtu: 1378, maxBitrateKbps: 2000 } }); // prettier-ignore
    expect(session.start?.video.rtcpInterval).toBeCloseTo(0.05);
    await eventually(() => view.video.units.length === 5 && view.video.senderReports.length > 0 && session.reports > 1);
    expect(view.video.units[0]).toMatchObject({ key: true, nals: [{ length: 3 }, { length: 2 }, { length: 6 }] });
    expect(view.video).toMatchObject({ packets: 7, lost: 0, rejected: 0, damaged: 0, steppedBack: 0 });
    expect([...view.video.ssrcs]).toEqual([prepared.video.ssrc]);
    expect(view.firstPacketMs).toEqual(expect.any(Number));
    await view.reconfigure(640, 360);
    expect(session.ended).toBe(false);
    await view[Symbol.asyncDispose]();
    expect(session.ended).toBe(true);
  });

  it("ends the gateway's session when the viewer's connection breaks", async () => {
    const other = controller.another();
    const view = await other.openLive((await find("Back yard", other)).aid);
    const session = media.sessions.at(-1)!;
    expect(session.ended).toBe(false);
    await other[Symbol.asyncDispose]();
    await eventually(() => session.ended);
    view.abandon();
  });

  it("says that a stream is busy, and serves four viewers at once", async () => {
    const door = await find("Front door");
    const views = [];
    for (let viewer = 0; viewer < 4; viewer += 1) views.push(await controller.openLive(door.aid));
    await expect(controller.openLive(door.aid)).rejects.toThrow("no free stream");
    await expect(controller.openLive(door.aid, { slot: 2 })).rejects.toMatchObject({ status: setupStatus.busy });
    for (const view of views) await view[Symbol.asyncDispose]();
    expect(await controller.free(door.slots[2]!)).toBe(true);
  });

  it("refuses a view that the gateway refuses, and one that fails to start, and frees the stream", async () => {
    const door = await find("Front door");
    handlers.prepareHomeKitSession = () => {
      throw new GatehouseError("viewer-address-refused", "not a private address");
    };
    await expect(controller.openLive(door.aid, { slot: 0 })).rejects.toMatchObject({ status: -70401 });
    Object.assign(handlers, happy());
    handlers.startHomeKitSession = () => {
      throw new GatehouseError("camera-stalled", "no video");
    };
    await expect(controller.openLive(door.aid, { slot: 0 })).rejects.toMatchObject({ status: -70402 });
    Object.assign(handlers, happy());
    const failed = media.sessions.at(-1)!;
    await eventually(() => failed.ended);
    expect(await controller.free(door.slots[0]!)).toBe(true);
  });

  it("follows a camera that goes offline and comes back", async () => {
    const yard = await find("Back yard");
    const offline = { kind: "offline", code: "camera-unreachable", message: "gone", remedy: "look", since: 1 };
    emit({ kind: "camera-state", camera: back.id, state: offline });
    expect(await events.next({ sensor: "active" })).toMatchObject({ aid: yard.aid, value: false });
    emit({ kind: "camera-state", camera: back.id, state: { kind: "ready" } });
    expect(await events.next({ sensor: "active" })).toMatchObject({ aid: yard.aid, value: true });
  });

  it("adds and removes cameras while it runs", async () => {
    cameras.push(late);
    emit({ kind: "camera-added", camera: late.id });
    await eventually(async () => (await names()).includes("Garage"));
    const garage = await find("Garage");
    expect(garage).toMatchObject({ sound: true, talk: true });
    expect(await controller.snapshot(garage.aid)).toEqual(jpeg);
    cameras.pop();
    emit({ kind: "camera-removed", camera: late.id });
    await eventually(async () => !(await names()).includes("Garage"));
    expect(await names()).toEqual(["Back yard", "Front door"]);
  });

  it("keeps every accessory while the gateway is away, says so, and recovers by itself", async () => {
    const door = await find("Front door");
    emit({ kind: "motion", camera: front.id, active: true, topic: "Motion" });
    await events.next({ aid: door.aid, sensor: "motion", value: true });
    const { certificate, address: place } = gateway;
    await gateway[Symbol.asyncDispose]();
    await events.next({ aid: door.aid, sensor: "motion", value: false });
    await events.next({ aid: door.aid, sensor: "active", value: false });
    await expect(controller.openLive(door.aid)).rejects.toMatchObject({ status: -70402 });
    expect(await names()).toEqual(["Back yard", "Front door"]);
    gateway = await FakeGateway.open({ handlers, cameras, certificate, port: Number(place.split(":")[1]), motion: [front.id] }); // prettier-ignore
    await events.next({ aid: door.aid, sensor: "active", value: true });
    await events.next({ aid: door.aid, sensor: "motion", value: true });
  }, 90_000);

  it("brings the accessories back after a crash even while the gateway is away, under the same ids", async () => {
    const before = await controller.cameras();
    const saved = controller.save();
    const { certificate, address: place } = gateway;
    await gateway[Symbol.asyncDispose]();
    await controller[Symbol.asyncDispose]();
    await homebridge.kill("SIGKILL");
    homebridge = await homebridge.restart();
    controller = HomeKitController.restore(saved, address());
    expect(await controller.cameras()).toEqual(before);
    await expect(controller.snapshot(before[0]!.aid)).rejects.toMatchObject({ status: -70402 });
    expect(await controller.read(before[0]!.active)).toEqual([0]);
    gateway = await FakeGateway.open({ handlers, cameras, certificate, port: Number(place.split(":")[1]) });
    events = await controller.watch();
    await eventually(async () => (await controller.read(before[0]!.active))[0] === 1);
    expect(await controller.snapshot(before[0]!.aid)).toEqual(jpeg);
    expect(await controller.cameras()).toEqual(before);
  }, 90_000);

  it("says once what to do when the gateway lets it in no more", async () => {
    gateway.revoke();
    const { input: line } = await homebridge.logged(/No connection to the gateway.*unauthenticated/);
    expect(line).toContain("gatehouse pair --for homebridge");
    expect(await names()).toEqual(["Back yard", "Front door"]);
  });
});
