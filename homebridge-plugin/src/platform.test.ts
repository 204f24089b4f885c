import { GatehouseError, type Camera, type Identity } from "@gatehouse/shared";
import { fakeCameraId, makeCamera, TestClock } from "@gatehouse/shared/testing";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlatformAccessory } from "homebridge";

import registration from "./index.ts";
import { GatehousePlatform, type PlatformPorts } from "./platform.ts";
import { FakeGatewayConnection } from "./testing/fake-gateway-connection.ts";
import { FakeHomebridge, information, sensor } from "./testing/fake-homebridge.ts";

const front = makeCamera({ name: "Front door", serial: "SN-1", firmware: "V5.7 build 3" });
const back = makeCamera({ id: fakeCameraId("b"), name: "Back yard" });
const offline: Camera["state"] = {
  kind: "offline",
  code: "camera-unreachable",
  message: "gone",
  remedy: "look",
  since: 1,
};

describe("GatehousePlatform", () => {
  let storage: string;
  let homebridge: FakeHomebridge;
  let gateway: FakeGatewayConnection;
  let clock: TestClock;
  let identity: Identity | undefined;
  let connected: number;

  const ports = (): PlatformPorts => ({
    clock,
    random: () => 0.5,
    network: () => ({ hostname: "pi", interfaces: {} }),
    identities: {
      load: async () => identity,
      save: async (_path, given) => void (identity = given),
      pair: async () => ({ address: "gateway:1" }) as Identity,
    },
    connect: () => {
      connected += 1;
      return gateway.connection;
    },
  });
  const create = (config: Record<string, unknown> = {}): GatehousePlatform =>
    new GatehousePlatform(homebridge.log, { platform: "Gatehouse", ...config }, homebridge.api, ports());
  const eventually = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await clock.advance(0);
  };
  const launch = async (config: Record<string, unknown> = {}): Promise<GatehousePlatform> => {
    const platform = create(config);
    homebridge.emit("didFinishLaunching");
    await eventually(() => gateway.listeners.size > 0);
    return platform;
  };
  const hello = (cameras: readonly Camera[], motion: readonly string[] = []): void => {
    gateway.fare({ kind: "connected" });
    gateway.say({ kind: "hello", gateway: { name: "Home" }, principal: {}, cameras, motion });
  };
  const event = (given: Record<string, unknown>): void => gateway.say({ kind: "event", event: given });
  const names = (accessories: readonly PlatformAccessory[]): string[] => accessories.map((one) => one.displayName);

  beforeEach(async () => {
    storage = await mkdtemp(join(tmpdir(), "gatehouse-platform-"));
    homebridge = new FakeHomebridge(storage);
    [gateway, clock, connected] = [new FakeGatewayConnection(), new TestClock(), 0];
    identity = { address: "127.0.0.1:8443" } as Identity;
  });

  afterEach(async () => {
    homebridge.emit("shutdown");
    await rm(storage, { recursive: true });
  });

  it("is what the plugin registers", () => {
    const registered: unknown[] = [];
    registration({ registerPlatform: (...given: unknown[]) => registered.push(...given) } as never);
    expect(registered).toEqual(["homebridge-gatehouse", "Gatehouse", GatehousePlatform]);
  });

  it("registers an accessory for each camera of the gateway, described as HomeKit wants it", async () => {
    await launch();
    hello([front, back]);
    expect(names(homebridge.registered)).toEqual(["Front door", "Back yard"]);
    const [accessory] = homebridge.registered;
    expect(information(accessory, "SerialNumber")).toBe("SN-1");
    expect(information(accessory, "FirmwareRevision")).toBe("5.7");
    expect(accessory?.context).toMatchObject({ camera: { id: front.id, sound: false, talk: false } });
    hello([front, back]);
    expect(homebridge.registered).toHaveLength(2);
    expect(homebridge.updated).toEqual([]);
  });

  it("removes exactly the cameras that the gateway no longer lists, and does not bring them back into the cache", async () => {
    await launch();
    hello([front, back]);
    hello([back]);
    expect(names(homebridge.unregistered)).toEqual(["Front door"]);
    event({ kind: "camera-removed", camera: back.id });
    expect(names(homebridge.unregistered)).toEqual(["Front door", "Back yard"]);
    expect(homebridge.updated).toEqual([]);
  });

  it("takes over a new name", async () => {
    await launch();
    hello([front]);
    hello([{ ...front, name: "Porch 📷" }]);
    const [accessory] = homebridge.registered;
    expect(accessory?.displayName).toBe("Porch");
    expect(information(accessory, "Name")).toBe("Porch");
    expect(homebridge.updated).toEqual([accessory]);
  });

  it("offers sound from the moment that the camera has any that the gateway knows, and no longer than that", async () => {
    await launch();
    const microphones = () =>
      homebridge.registered[0]?.getService(homebridge.hap.Service.Microphone) === undefined ? 0 : 1;
    hello([front]);
    expect(microphones()).toBe(0);
    hello([{ ...front, audio: "aac" }]);
    expect(microphones()).toBe(1);
    expect(sensor(homebridge.registered[0], "StatusActive")).toBe(true);
    hello([{ ...front, audio: "other" }]);
    expect(microphones()).toBe(0);
  });

  it("offers to talk as long as the camera has a loudspeaker, with a microphone or without", async () => {
    await launch();
    const services = (): boolean[] =>
      [homebridge.hap.Service.Microphone, homebridge.hap.Service.Speaker].map(
        (service) => homebridge.registered[0]?.getService(service) !== undefined,
      );
    hello([front]);
    expect(services()).toEqual([false, false]);
    hello([{ ...front, talk: true }]);
    expect(services()).toEqual([true, true]);
    hello([{ ...front, talk: true, audio: "aac" }]);
    expect(services()).toEqual([true, true]);
    expect(sensor(homebridge.registered[0], "StatusActive")).toBe(true);
    hello([{ ...front, audio: "aac" }]);
    expect(services()).toEqual([true, false]);
  });

  it("follows motion, and takes it back when the gateway is lost", async () => {
    await launch();
    hello([front, back], [back.id]);
    const [door, yard] = homebridge.registered;
    expect([sensor(door, "MotionDetected"), sensor(yard, "MotionDetected")]).toEqual([false, true]);
    event({ kind: "motion", camera: front.id, active: true });
    expect(sensor(door, "MotionDetected")).toBe(true);
    gateway.fare({ kind: "waiting", error: new GatehouseError("gateway-unreachable", "gone"), retryInMs: 1 });
    expect(sensor(door, "MotionDetected")).toBe(false);
    expect(sensor(door, "StatusActive")).toBe(false);
    expect(homebridge.unregistered).toEqual([]);
    hello([front, back]);
    expect([sensor(door, "StatusActive"), sensor(yard, "MotionDetected")]).toEqual([true, false]);
  });

  it("shows a camera that is offline as inactive", async () => {
    await launch();
    hello([{ ...front, state: offline }]);
    const [door] = homebridge.registered;
    expect(sensor(door, "StatusActive")).toBe(false);
    event({ kind: "camera-state", camera: front.id, state: { kind: "live", viewers: 1 } });
    expect(sensor(door, "StatusActive")).toBe(true);
    event({ kind: "camera-state", camera: front.id, state: offline });
    expect(sensor(door, "StatusActive")).toBe(false);
  });

  it("asks for the list when a camera is added", async () => {
    await launch();
    hello([front]);
    event({ kind: "camera-added", camera: back.id });
    gateway.of("listCameras")[0]?.answer([front, back]);
    await clock.advance(0);
    expect(names(homebridge.registered)).toEqual(["Front door", "Back yard"]);
  });

  it("brings restored accessories to life before the gateway is reached, and keeps them until it says otherwise", async () => {
    const platform = create();
    const context = { camera: { id: front.id, name: "Front door", later: "a newer version wrote this" } };
    const door = homebridge.restored("Front door", context, homebridge.hap.uuid.generate(`gatehouse:${front.id}`));
    const odd = homebridge.restored("Odd", { camera: 7 }, homebridge.hap.uuid.generate(`gatehouse:${back.id}`));
    const stray = homebridge.restored("Stray", {}, homebridge.hap.uuid.generate("stray"));
    for (const accessory of [door, odd, stray]) platform.configureAccessory(accessory);
    expect(sensor(door, "StatusActive")).toBe(false);
    homebridge.emit("didFinishLaunching");
    await eventually(() => gateway.listeners.size > 0);
    expect(homebridge.unregistered).toEqual([]);
    hello([front, back]);
    expect(homebridge.registered).toEqual([]);
    expect(names(homebridge.unregistered)).toEqual(["Stray"]);
    expect([sensor(door, "StatusActive"), sensor(odd, "StatusActive")]).toEqual([true, true]);
    expect(odd.context["camera"]).toMatchObject({ id: back.id });
  });

  it("publishes each camera by itself when told to, and remembers them without the gateway", async () => {
    await launch({ external: true });
    hello([front, back]);
    expect(names(homebridge.external)).toEqual(["Front door", "Back yard"]);
    expect(homebridge.registered).toEqual([]);
    const kept = async (name: string): Promise<void> => {
      const file = join(storage, "gatehouse/cameras.json");
      while (!(await readFile(file, "utf8").catch(() => "")).includes(name)) await clock.advance(0);
    };
    await kept("Back yard");
    homebridge.emit("shutdown");

    homebridge = new FakeHomebridge(storage);
    gateway = new FakeGatewayConnection();
    await launch({ external: true });
    expect(names(homebridge.external)).toEqual(["Front door", "Back yard"]);
    expect(sensor(homebridge.external[0], "StatusActive")).toBe(false);
    // HAP-NodeJS advertises an accessory under its name, which must not change under way.
    const [door] = homebridge.external;
    hello([{ ...front, name: "Porch" }, back]);
    expect([information(door, "Name"), sensor(door, "StatusActive")]).toEqual(["Front door", true]);
    hello([back]);
    expect(homebridge.lines.join("\n")).toContain("remove it in the Home app");
    hello([{ ...front, name: "Garage" }, back]);
    expect(homebridge.external).toHaveLength(2);
    expect(homebridge.lines.join("\n")).toContain("restart Homebridge to show it again");
    // What is written last, so that nothing is written while the folder goes.
    await kept("Garage");
  });

  it("says so when it cannot read the cameras that it remembered, and goes on", async () => {
    await launch({ external: true });
    await writeFile(join(storage, "gatehouse/cameras.json"), "{ half", { mode: 0o600 });
    gateway = new FakeGatewayConnection();
    await launch({ external: true });
    expect(homebridge.lines.join("\n")).toContain("list of cameras could not be read");
  });

  it("takes bridged accessories away when each camera is to be published by itself", async () => {
    const platform = create({ external: true });
    const old = homebridge.restored("Front door", { camera: { id: front.id } }, homebridge.hap.uuid.generate("old"));
    platform.configureAccessory(old);
    homebridge.emit("didFinishLaunching");
    await eventually(() => gateway.listeners.size > 0);
    expect(homebridge.unregistered).toEqual([old]);
  });

  it.each([
    [{ pairingstring: "x" }, 'unknown key "pairingstring"'],
    [{ external: "yes" }, "external"],
  ])("does not start with %j, says why in one line, and keeps what HomeKit knows", async (config, message) => {
    const platform = create(config);
    platform.configureAccessory(
      homebridge.restored("Front door", { camera: { id: front.id } }, homebridge.hap.uuid.generate("x")),
    );
    homebridge.emit("didFinishLaunching");
    await clock.advance(0);
    expect(homebridge.lines).toEqual([expect.stringContaining(message)]);
    expect(homebridge.unregistered).toEqual([]);
    expect(connected).toBe(0);
  });

  it("waits for a pairing string, and says how to get one", async () => {
    identity = undefined;
    create();
    homebridge.emit("didFinishLaunching");
    await eventually(() => homebridge.lines.length > 0);
    expect(homebridge.lines).toEqual([expect.stringContaining("gatehouse pair --for homebridge")]);
    expect(connected).toBe(0);
  });

  it("stops with one line when its identity cannot be used", async () => {
    const refused = ports();
    refused.identities.load = () => Promise.reject(new GatehouseError("file-permissions", "others can read it"));
    new GatehousePlatform(homebridge.log, { platform: "Gatehouse" }, homebridge.api, refused);
    homebridge.emit("didFinishLaunching");
    await eventually(() => homebridge.lines.length > 0);
    expect(homebridge.lines).toEqual([expect.stringMatching(/^error Stopped: others can read it\. .*chmod 600/)]);
  });

  it("tells once what is wrong with the connection, and again when it is something else", async () => {
    await launch();
    const wait = (code: "gateway-unreachable" | "unauthenticated"): void =>
      gateway.fare({ kind: "waiting", error: new GatehouseError(code, "no"), retryInMs: 1 });
    wait("gateway-unreachable");
    wait("gateway-unreachable");
    wait("unauthenticated");
    hello([]);
    wait("gateway-unreachable");
    const errors = homebridge.lines.filter((line) => line.startsWith("error"));
    expect(errors).toHaveLength(3);
    expect(errors[1]).toContain("gatehouse pair --for homebridge");
  });

  it("closes the gateway's connection when Homebridge shuts down", async () => {
    await launch();
    homebridge.emit("shutdown");
    await eventually(() => gateway.closed);
  });
});
