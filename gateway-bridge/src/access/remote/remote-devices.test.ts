import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mostDevices, spkiPin, type DeviceId } from "@gatehouse/shared";

import { newDeviceKey, RemoteWorld } from "./testing/remote-world.ts";

let world: RemoteWorld;
beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(() => world[Symbol.dispose]());

const newThumbprint = (): string => spkiPin(newDeviceKey());
const actions = (): string[] => world.door.audit.rows.map(({ action }) => action).filter((name) => name !== "pair");

describe("a device", () => {
  it("may knock once it is settled, also after a restart, and its person hears of it", () => {
    const thumbprint = newThumbprint();
    const { id } = world.devices.add({ person: world.ann, name: "Laptop", thumbprint });
    expect(world.devices.admitted.thumbprints()).toEqual([]);
    world.devices.settle();
    const visitor = { device: id, person: world.ann };
    expect([world.devices.admitted.thumbprints(), world.devices.admitted.find(thumbprint)]).toEqual([
      [thumbprint],
      visitor,
    ]);
    expect(world.notices.raised).toMatchObject([{ kind: "remote-device-added", person: world.ann, subject: "Laptop" }]);
    world.restart();
    expect([world.devices.admitted.thumbprints(), world.devices.admitted.find(thumbprint)]).toEqual([
      [thumbprint],
      visitor,
    ]);
    expect(actions()).toEqual(["deviceAdded"]);
  });

  it("is refused where its key is known, revoked or not, or where there are too many", () => {
    const thumbprint = newThumbprint();
    const add = () => world.devices.add({ person: world.ann, name: "Laptop", thumbprint });
    const { id } = add();
    expect(add).toThrow(expect.objectContaining({ code: "request-invalid" }));
    world.devices.revoke(id, { by: world.ann, why: "by its person" });
    expect(add).toThrow(expect.objectContaining({ code: "request-invalid" }));
    const many = Array.from({ length: mostDevices }, () => world.addDevice());
    expect(() => world.addDevice()).toThrow(expect.objectContaining({ code: "too-many-devices" }));
    world.devices.revoke(many[0]!, { by: world.ann, why: "by its person" });
    world.addDevice();
  });

  it("that was revoked knocks no more, and whoever carries something for it hears at once", () => {
    const thumbprint = newThumbprint();
    const { id } = world.devices.add({ person: world.ann, name: "Laptop", thumbprint });
    world.devices.settle();
    const [gone, seen]: [DeviceId[], unknown[]] = [[], []];
    world.devices.admitted.onGone((device) => void gone.push(device));
    world.devices.admitted.onChanged(() => void seen.push([...world.devices.admitted.thumbprints()]));
    world.devices.revoke(id, { by: world.ann, why: "by its person" });
    world.devices.revoke(id, { by: world.ann, why: "twice" });
    expect([gone, seen, world.devices.admitted.find(thumbprint)]).toEqual([[id], [[]], undefined]);
    expect(world.devices.list()).toMatchObject([{ id, revoked: world.door.clock.now() }]);
    expect(actions()).toEqual(["deviceAdded", "deviceRevoked"]);
    // Nobody tells oneself.
    expect(world.notices.raised.map(({ kind }) => kind)).toEqual(["remote-device-added"]);
    world.restart();
    expect(world.devices.admitted.thumbprints()).toEqual([]);
  });

  it("that somebody else revoked is told to its person", () => {
    const bob = world.addPerson("Bob");
    world.devices.revoke(world.addDevice(bob, "Phone"), { by: world.ann, why: "by itself" });
    expect(world.notices.raised.at(-1)).toMatchObject({ kind: "remote-device-revoked", person: bob, subject: "Phone" });
  });

  it("falls with its person, also where a crash came between", () => {
    const [bob, cyd] = [world.addPerson("Bob"), world.addPerson("Cyd")];
    const [mine] = [world.addDevice(), world.addDevice(bob), world.addDevice(bob), world.addDevice(cyd)];
    world.door.principals.revoke(bob);
    expect(world.devices.list().map(({ person, revoked }) => [person, revoked !== null])).toEqual(
      expect.arrayContaining([
        [bob, true],
        [world.ann, false],
      ]),
    );
    expect(world.devices.admitted.thumbprints()).toHaveLength(2);
    // As the database is where the gateway died before it heard.
    world.door.database.sql.prepare("UPDATE principals SET revoked = 5 WHERE id = ?").run(cyd);
    world.restart();
    expect(world.devices.admitted.thumbprints()).toHaveLength(1);
    expect(world.devices.list().find(({ revoked }) => revoked === null)?.id).toBe(mine);
  });

  it("is not there where what it was added with failed", () => {
    const { database } = world.door;
    const failing = () =>
      database.transaction(() => {
        world.devices.add({ person: world.ann, name: "Laptop", thumbprint: newThumbprint() });
        throw new Error("after it");
      });
    expect(failing).toThrow("after it");
    world.devices.settle();
    expect([world.devices.list(), world.devices.admitted.thumbprints(), world.notices.raised]).toEqual([[], [], []]);
  });
});

describe("the epoch", () => {
  const epoch = (): number => world.devices.admitted.epoch;

  it("grows with each change and each start, and is a time where that is more", async () => {
    const seen = [epoch()];
    expect(seen[0]).toBe(world.door.clock.now());
    const id = world.addDevice();
    seen.push(epoch());
    world.devices.revoke(id, { by: world.ann, why: "by itself" });
    seen.push(epoch());
    world.restart();
    seen.push(epoch());
    expect(seen).toEqual([0, 1, 2, 3].map((more) => seen[0]! + more));
    await world.door.clock.advance(60_000);
    world.addDevice();
    expect(epoch()).toBe(world.door.clock.now());
  });

  it("is beyond all that came before where an older database is put back", async () => {
    world.addDevice();
    const { sql } = world.door.database;
    const old = Number(sql.prepare("SELECT epoch FROM admission_epoch").get()?.["epoch"]);
    await world.door.clock.advance(60_000);
    world.addDevice();
    const before = epoch();
    sql.prepare("UPDATE admission_epoch SET epoch = ?").run(old);
    await world.door.clock.advance(60_000);
    world.restart();
    expect(epoch()).toBeGreaterThan(before);
  });
});

describe("what is noted of a device", () => {
  it("is when it came last, by the minute", async () => {
    const id = world.addDevice();
    const used = (): number | null => world.devices.list()[0]!.used;
    expect(used()).toBeNull();
    world.devices.note("used", id);
    const first = world.door.clock.now();
    await world.door.clock.advance(59_999);
    world.devices.note("used", id);
    expect(used()).toBe(first);
    await world.door.clock.advance(1);
    world.devices.note("used", id);
    expect(used()).toBe(first + 60_000);
  });

  it("is when each expected the newest key: of those that stand, the longest ago counts", async () => {
    expect(world.devices.leastCurrent).toBeUndefined();
    const first = world.addDevice();
    const made = world.door.clock.now();
    await world.door.clock.advance(3_600_000);
    const second = world.addDevice();
    expect(world.devices.leastCurrent).toBe(made);
    world.devices.note("current", first);
    expect(world.devices.leastCurrent).toBe(world.door.clock.now());
    for (const id of [first, second]) world.devices.revoke(id, { why: "x" });
    expect(world.devices.leastCurrent).toBeUndefined();
  });
});
