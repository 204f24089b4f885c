import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { doorName, GatehouseError, spkiPin } from "@gatehouse/shared";
import type { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { spkiOf } from "../gateway-identity.ts";
import { refusedNoticeMs } from "./relay-line.ts";
import { place, RemoteWorld } from "./testing/remote-world.ts";

let world: RemoteWorld;
beforeEach(async () => {
  world = await RemoteWorld.open();
});
afterEach(() => world[Symbol.dispose]());

const pinOf = (key: KeyObject | undefined): string | undefined => key && spkiPin(spkiOf(key));
const currentPin = (): string | undefined => pinOf(world.tunnelKeys.current?.publicKey);
const nextPin = (): string | undefined => pinOf(world.tunnelKeys.next?.keys.publicKey);
const deeds = (): string[] =>
  world.door.audit.rows.map(({ action }) => action).filter((action) => action.startsWith("remote"));

describe("access from away", () => {
  it("is off where nobody said otherwise, also after an enrolment, and dials nobody", async () => {
    world.access.begin();
    expect(world.access.state).toMatchObject({ enabled: false, connection: "off", relay: null, tunnel: null });
    expect(world.access.state.stops).not.toEqual([]);
    expect(() => world.access.switch(true, world.ann)).toThrow(expect.objectContaining({ code: "remote-off" }));
    expect(() => world.access.wayHome).toThrow(expect.objectContaining({ code: "remote-off" }));
    await world.enrol();
    expect(world.access.state).toMatchObject({ enabled: false, connection: "off", relay: place });
    expect(world.tunnels).toEqual([]);
    expect(deeds()).toEqual(["remoteEnrolled"]);
  });

  it("dials while it is on, also after a restart, and hangs up when it is off", async () => {
    await world.enrol();
    world.access.switch(true, world.ann);
    world.access.switch(true, world.ann);
    expect(world.tunnels.map(({ closed }) => closed)).toEqual([false]);
    world.tunnels[0]!.become("connected");
    expect(world.access.state).toMatchObject({ enabled: true, connection: "connected", stops: [] });
    world.restart();
    world.access.begin();
    expect(world.tunnels).toHaveLength(2);
    world.access.switch(false, world.ann);
    expect([world.tunnels[1]!.closed, world.access.state.connection]).toEqual([true, "off"]);
    expect(deeds()).toEqual(["remoteEnrolled", "remoteOn", "remoteOff"]);
  });

  it("does nothing that cannot be written down", async () => {
    await world.enrol();
    world.door.audit.broken = true;
    expect(() => world.access.switch(true, world.ann)).toThrow("disk full");
    expect([world.relay.enabled, world.tunnels]).toEqual([false, []]);
  });

  it("tells who governs where the relay refuses for long, and takes it back", async () => {
    await world.enrol();
    world.access.switch(true, world.ann);
    const [tunnel] = world.tunnels;
    tunnel!.become("refused");
    await world.door.clock.advance(refusedNoticeMs - 1);
    tunnel!.become("refused");
    expect(world.notices.raised).toEqual([]);
    await world.door.clock.advance(1);
    expect(world.notices.raised).toEqual([expect.objectContaining({ kind: "remote-refused" })]);
    expect(world.notices.raised[0]).not.toHaveProperty("person");
    tunnel!.become("connected");
    expect(world.notices.withdrawn).toEqual(["remote-refused"]);
  });
});

describe("an enrolment", () => {
  it("uses one key for one invite, also where the first answer was lost", async () => {
    const seen: (string | undefined)[] = [];
    const relayAnswers = world.enrolAt;
    world.enrolAt = async (key) => {
      seen.push(pinOf(key));
      throw new GatehouseError("relay-unreachable", "the answer was lost");
    };
    await expect(world.enrol()).rejects.toMatchObject({ code: "relay-unreachable" });
    expect([world.relay.enrolment, world.tunnelKeys.current]).toEqual([undefined, undefined]);
    world.enrolAt = async (key) => {
      seen.push(pinOf(key));
      return relayAnswers(key);
    };
    world.restart();
    await world.enrol();
    expect(seen[0]).toBe(seen[1]);
    expect(currentPin()).toBe(seen[0]);
  });

  it("elsewhere drops the devices, which would not find the way, and is off", async () => {
    await world.enrol();
    world.access.switch(true, world.ann);
    const device = world.addDevice();
    await world.enrol();
    expect(world.access.state).toMatchObject({ enabled: false, devices: 0 });
    expect(world.tunnels[0]!.closed).toBe(true);
    expect(world.devices.list()).toMatchObject([{ id: device, revoked: expect.any(Number) }]);
  });
});

it("has keys for devices also after a restore, which drops those of then", async () => {
  await world.enrol();
  const [before] = world.doorKeys.pins;
  world.door.database.sql.exec("DELETE FROM secrets WHERE name = 'remote/door-keys'");
  world.restart();
  const { gatewayKeys } = world.access.wayHome;
  expect([gatewayKeys.length, gatewayKeys.includes(before!)]).toEqual([1, false]);
});

describe("a change of keys", () => {
  it("keeps those before until the relay, and each device, know the next", async () => {
    await world.enrol();
    world.access.switch(true, world.ann);
    const [laptop, phone] = [world.addDevice(), world.addDevice()];
    const [tunnelBefore, [doorBefore]] = [currentPin(), world.doorKeys.pins];
    await world.door.clock.advance(60_000);
    world.access.rotate(world.ann);
    const [newest] = world.doorKeys.pins;
    expect([currentPin(), nextPin() === undefined, world.doorKeys.pins]).toEqual([
      tunnelBefore,
      false,
      [newest, doorBefore],
    ]);
    world.tunnels[0]!.take();
    await setImmediate();
    expect([currentPin() === tunnelBefore, world.tunnels[0]!.closed]).toEqual([false, false]);
    await world.door.clock.advance(60_000);
    world.access.entered(laptop, doorName(newest!));
    world.access.entered(phone, doorName(doorBefore!));
    expect(world.access.wayHome.gatewayKeys).toEqual([newest, doorBefore]);
    world.access.entered(phone, doorName(newest!));
    expect(world.access.wayHome.gatewayKeys).toEqual([newest]);
  });

  it("of the relay is kept, and written down with the other", async () => {
    await world.enrol();
    const keys = ["N".repeat(43), ...place.keys];
    world.access.learnRelayKeys(keys);
    world.restart();
    expect(world.access.wayHome.relay).toEqual({ ...place, keys });
    expect(world.door.audit.rows.at(-1)).toMatchObject({ action: "relayKeysChanged", detail: keys.join(", ") });
    world.access.rotate(world.ann);
    world.access.keyTaken();
    expect(deeds()).toEqual(["remoteEnrolled", "remoteKeysRotated", "remoteKeyTaken"]);
  });

  it("drops a key before with the last device that may expect it", async () => {
    await world.enrol();
    const device = world.addDevice();
    await world.door.clock.advance(1);
    world.access.rotate(world.ann);
    expect(world.doorKeys.pins).toHaveLength(2);
    let told = 0;
    world.doorKeys.onChanged(() => (told += 1));
    world.devices.revoke(device, { by: world.ann, why: "by itself" });
    expect([world.doorKeys.pins.length, told]).toEqual([1, 1]);
  });
});

describe("panic", () => {
  const settled = async (): Promise<void> => {
    await world.enrol();
    world.access.switch(true, world.ann);
  };

  it("ends all here in one go: devices, their logins, keys, what flows; and it stays off", async () => {
    await settled();
    const device = world.addDevice();
    const home = world.signIn(world.ann);
    world.signIn(world.ann, device);
    const [doorBefore, epoch] = [world.doorKeys.pins, world.devices.admitted.epoch];
    world.access.panic(world.ann);
    expect(world.access.state).toMatchObject({ enabled: false, connection: "off", devices: 0 });
    expect(world.logins.map(({ id }) => id)).toEqual([home]);
    expect(world.doorKeys.pins.filter((pin) => doorBefore.includes(pin))).toEqual([]);
    expect(world.devices.admitted.epoch).toBeGreaterThan(epoch);
    expect([world.endedAway.length, world.notices.raised.at(-1)?.kind]).toEqual([1, "remote-panic"]);
    expect(deeds().at(-1)).toBe("remotePanic");
  });

  it("has all of that done by the time that it is written down", async () => {
    await settled();
    world.signIn(world.ann, world.addDevice());
    const { audit } = world.door;
    const append = audit.append.bind(audit);
    let then: unknown;
    audit.append = (entry) => {
      append(entry);
      if (entry.action === "remotePanic")
        then = [world.logins.length, world.relay.enabled, world.tunnelKeys.next?.only];
    };
    world.access.panic(world.ann);
    expect(then).toEqual([0, false, true]);
  });

  it("does nothing by halves", async () => {
    await settled();
    const device = world.addDevice();
    const login = world.signIn(world.ann, device);
    const before = [currentPin(), world.doorKeys.pins, world.devices.admitted.epoch];
    world.door.audit.broken = true;
    expect(() => world.access.panic(world.ann)).toThrow("disk full");
    expect([world.relay.enabled, nextPin(), world.devices.admitted.thumbprints().length]).toEqual([true, undefined, 1]);
    expect([world.logins.map(({ id }) => id), world.endedAway]).toEqual([[login], []]);
    expect([currentPin(), world.doorKeys.pins, world.devices.admitted.epoch]).toEqual(before);
  });

  it("has the relay forget the key before, when it can be reached, and then hangs up", async () => {
    await settled();
    const before = currentPin();
    world.access.panic(world.ann);
    const next = nextPin();
    expect([currentPin(), world.tunnelKeys.next?.only]).toEqual([before, true]);
    expect(world.access.state.trouble).toContain("not told yet");
    // It is told, also where the gateway starts anew meanwhile.
    world.restart();
    world.access.begin();
    const tunnel = world.tunnels.at(-1)!;
    expect([tunnel.closed, world.access.state.connection]).toEqual([false, "off"]);
    tunnel.take();
    await setImmediate();
    expect([tunnel.closed, currentPin(), world.access.state.trouble]).toEqual([true, next, null]);
    world.access.begin();
    expect(world.tunnels.at(-1)).toBe(tunnel);
  });

  it("needs no relay: without one, devices and keys go all the same", async () => {
    const before = world.addDevice();
    world.access.panic(world.ann);
    expect(world.devices.list()).toMatchObject([{ id: before, revoked: expect.any(Number) }]);
    expect(world.tunnels).toEqual([]);
  });
});

it("ends the logins of a device with it, also where a crash came between", () => {
  const [first, second] = [world.addDevice(), world.addDevice()];
  const [home, one, two] = [world.signIn(world.ann), world.signIn(world.ann, first), world.signIn(world.ann, second)];
  world.devices.revoke(first, { by: world.ann, why: "by itself" });
  expect(world.logins.map(({ id }) => id)).toEqual([home, two]);
  world.logins.push({ ...world.logins[1]!, id: one, device: `device ${first}` });
  world.restart();
  expect(world.logins.map(({ id }) => id)).toEqual([home, two]);
});

it("forgets the relay and its keys where the owner leaves it", async () => {
  await world.enrol();
  world.access.switch(true, world.ann);
  world.addDevice();
  world.access.leave(world.ann);
  expect(world.access.state).toMatchObject({
    enabled: false,
    connection: "off",
    relay: null,
    tunnel: null,
    devices: 0,
  });
  expect([world.tunnelKeys.current, world.tunnels[0]!.closed]).toEqual([undefined, true]);
  expect(() => world.access.leave(world.ann)).toThrow(expect.objectContaining({ code: "remote-off" }));
});
