import type { Newcomer } from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import type { CameraRecord } from "../domain/camera.ts";
import { Database } from "../store/database.ts";
import { Newcomers, type SeenDevice } from "./newcomers.ts";

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
  const world: { devices: SeenDevice[]; adopted: string[]; told: Newcomer[] } = { devices: [], adopted: [], told: [] };
  const cameras = {
    list: () => world.adopted.map((host) => ({ id: fakeCameraId("a"), url: `http://${host}/` }) as CameraRecord),
  };
  const look = async () => world.devices;
  const log = new MemoryLogger();
  const newcomers = Newcomers.open({ database, cameras, look, clock, log, random: () => 0.5 });
  newcomers.onNoticed((newcomer) => world.told.push(newcomer));
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
