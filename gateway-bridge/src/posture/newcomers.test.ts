import type { Newcomer } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import { Database } from "../store/database.ts";
import type { AdoptedCamera, SeenDevice } from "./newcomer-policy.ts";
import { Newcomers } from "./newcomers.ts";

const never = { signal: new AbortController().signal };
const day = 86_400_000;
const device = (n: number, more: Partial<SeenDevice> = {}): SeenDevice => ({
  endpoint: `urn:uuid:${n}`,
  address: `192.168.1.${n}`,
  name: `Camera ${n}`,
  hardware: "X-1",
  ...more,
});

const opened: Newcomers[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

const open = (database = Database.openInMemory(), clock = new TestClock()) => {
  const world: { devices: SeenDevice[]; adopted: string[]; named: AdoptedCamera[]; told: Newcomer[]; moves: string[] } =
    { devices: [], adopted: [], named: [], told: [], moves: [] };
  const cameras = {
    adopted: (): AdoptedCamera[] => [
      ...world.adopted.map((host) => ({ id: fakeCameraId("a"), addresses: [host], serial: "" })),
      ...world.named,
    ],
  };
  const look = async () => world.devices;
  const resolve = async () => void world.moves.push("resolved");
  const log = new MemoryLogger();
  const newcomers = Newcomers.open({ database, cameras, resolve, look, clock, log, random: () => 0.5 });
  newcomers.onNoticed((newcomer) => world.told.push(newcomer));
  newcomers.onMoved(({ camera, address }) => world.moves.push(`${camera} to ${address}`));
  newcomers.onBack((camera) => world.moves.push(`${camera} back`));
  opened.push(newcomers);
  return { world, newcomers, clock, database };
};

describe("Newcomers", () => {
  it("tells of a camera that nobody has adopted once, and lists it", async () => {
    const { world, newcomers, clock, database } = open();
    world.devices = [device(20)];
    await newcomers.look(never);
    await clock.advance(60_000);
    await newcomers.look(never);
    expect(world.told.map(({ address }) => address)).toEqual(["192.168.1.20"]);
    expect(newcomers.list()).toMatchObject([{ name: "Camera 20", dismissed: false, last: clock.now() }]);
    const again = open(database, clock);
    again.world.devices = [device(20)];
    await again.newcomers.look(never);
    expect(again.world.told).toEqual([]);
  });

  it("looks by itself, again and again, and goes on after a failure", async () => {
    const { world, clock } = open();
    await clock.advance(5 * 60_000);
    world.devices = [device(20)];
    await clock.advance(5 * 60_000);
    expect(world.told).toHaveLength(1);
  });

  it("knows a device at another address by what it calls itself", async () => {
    const { world, newcomers } = open();
    world.devices = [device(20)];
    await newcomers.look(never);
    world.devices = [device(20, { address: "192.168.1.99" })];
    await newcomers.look(never);
    expect(world.told).toHaveLength(1);
    expect(newcomers.list()).toMatchObject([{ address: "192.168.1.99" }]);
  });

  it("says nothing of adopted cameras", async () => {
    const { world, newcomers } = open();
    world.adopted = ["192.168.1.20"];
    world.devices = [device(20), device(21)];
    await newcomers.look(never);
    expect(newcomers.list().map(({ address }) => address)).toEqual(["192.168.1.21"]);
    world.adopted.push("192.168.1.21");
    expect(newcomers.list()).toEqual([]);
    expect(world.told).toHaveLength(1);
  });

  it("knows an added camera that got another address, tells of that once, and when it is back", async () => {
    const { world, newcomers, clock, database } = open();
    const camera = fakeCameraId("a");
    const news = (from = world): string[] => from.moves.splice(0).filter((move) => move !== "resolved");
    world.adopted = ["192.168.1.20"];
    world.devices = [device(20)];
    await newcomers.look(never);
    expect(news()).toEqual([`${camera} back`]);
    world.devices = [device(20, { address: "192.168.1.99" })];
    await newcomers.look(never);
    await newcomers.look(never);
    expect(news()).toEqual([`${camera} to 192.168.1.99`]);
    const again = open(database, clock);
    again.world.adopted = world.adopted;
    again.world.devices = world.devices;
    await again.newcomers.look(never);
    expect(news(again.world)).toEqual([]);
    world.devices = [device(20, { address: "192.168.1.98" })];
    await newcomers.look(never);
    world.devices = [device(20)];
    await newcomers.look(never);
    expect(news()).toEqual([`${camera} to 192.168.1.98`, `${camera} back`]);
    expect([world.told, again.world.told, newcomers.list()]).toEqual([[], [], []]);
  });

  it("takes for a stranger what calls itself as a camera does that answers at its own address", async () => {
    const { world, newcomers } = open();
    world.named = [{ id: fakeCameraId("a"), addresses: ["192.168.1.20"], serial: "ACCC8E123456" }];
    world.devices = [device(20), device(99, { name: "ACCC8E123456" })];
    await newcomers.look(never);
    expect(world.told.map(({ address }) => address)).toEqual(["192.168.1.99"]);
  });

  it("asks anew where names lead before each look, and drops what it took for a stranger meanwhile", async () => {
    const { world, newcomers } = open();
    const [camera] = (world.named = [{ id: fakeCameraId("a"), addresses: [], serial: "" }]);
    world.devices = [device(20)];
    await newcomers.look(never);
    expect(newcomers.list()).toHaveLength(1);
    world.named = [{ ...camera!, addresses: ["192.168.1.20"] }];
    await newcomers.look(never);
    expect(newcomers.list()).toEqual([]);
    expect(world.moves.filter((move) => move === "resolved")).toHaveLength(2);
    world.named = [];
    world.devices = [];
    await newcomers.look(never);
    expect(newcomers.list()).toEqual([]);
  });

  it("does not tell again of what was dismissed, and forgets what left", async () => {
    const { world, newcomers, clock } = open();
    world.devices = [device(20)];
    await newcomers.look(never);
    newcomers.dismiss(newcomers.list()[0]!.id);
    await newcomers.look(never);
    expect(newcomers.list()).toMatchObject([{ dismissed: true }]);
    expect(world.told).toHaveLength(1);
    world.devices = [];
    await clock.advance(31 * day);
    await newcomers.look(never);
    expect(newcomers.list()).toEqual([]);
    expect(() => newcomers.dismiss(world.told[0]!.id)).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("is neither filled nor emptied by a device that answers under ever new names", async () => {
    const { world, newcomers } = open();
    world.devices = [device(20)];
    await newcomers.look(never);
    for (let round = 0; round < 5; round += 1) {
      world.devices = Array.from({ length: 200 }, (_, n) => device(66, { endpoint: `urn:flood:${round}:${n}` }));
      await newcomers.look(never);
    }
    expect(newcomers.list()).toHaveLength(64);
    expect(newcomers.list().map(({ address }) => address)).toContain("192.168.1.20");
    expect(world.told).toHaveLength(64);
  });
});
