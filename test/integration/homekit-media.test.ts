import { describe, expect, it } from "@jest/globals";

import { camera, failure } from "../../gateway-bridge/src/media/testing/house.ts";
import { makePicture, makeSound, parameterSets } from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "../support/eventually.ts";
import { Door, frameMs, never, owner, units } from "../support/homekit-door.ts";
import { HomeKitReceiver, makeStart, type ReceiverNeeds } from "../support/homekit-receiver.ts";

describe("A HomeKit session's media", () => {
  it("comes from the address, port and source that were promised, as the type and in the size that was asked for", async () => {
    await using door = await Door.open();
    using receiver = await HomeKitReceiver.open();
    const prepared = await door.sessions.prepare(
      { principal: owner, camera, body: receiver.request },
      { signal: never },
    );
    receiver.listen(prepared);
    expect(prepared).toMatchObject({ address: "127.0.0.1", audio: null });
    await door.sessions.start(prepared.id, makeStart({ payloadType: 97, mtu: 1_000 }));
    await door.house.clock.advance(300);
    await units(receiver, 50);
    const { video } = receiver;
    expect([...video.origins]).toEqual([`127.0.0.1:${prepared.video.port}`]);
    expect([...video.ssrcs]).toEqual([prepared.video.ssrc]);
    expect([...video.payloadTypes]).toEqual([97]);
    expect(video.largestDatagram).toBe(1_000);
    expect([video.rejected, video.lost, video.damaged]).toEqual([0, 0, 0]);
  });

  it.each([
    [1_378, 1_378],
    [1_377, 1_377],
    [9_000, 1_378],
  ])("fills the MTU of %i that was asked for with datagrams of %i bytes", async (mtu, largest) => {
    await using door = await Door.open(2);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver, makeStart({ mtu }));
    await door.house.clock.advance(300);
    await units(receiver, 2);
    expect(receiver.video.largestDatagram).toBe(largest);
    expect([receiver.video.rejected, receiver.video.lost, receiver.video.damaged]).toEqual([0, 0, 0]);
  });

  it("begins with the stored key picture, sent before the start returns, parameter sets in front", async () => {
    await using door = await Door.open();
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    await units(receiver, 1);
    const [first] = receiver.video.units;
    const { sps, pps } = parameterSets;
    expect(first?.nals.map((nal) => nal.length)).toEqual([sps.length, pps.length, 60_000]);
    expect(first?.nals.slice(0, 2)).toEqual([sps, pps]);
    expect(receiver.video.units).toHaveLength(1);
  });

  it("replays the stored GOP in a paced burst and goes on live, every picture once and in order", async () => {
    await using door = await Door.open(50);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    const arrivals: number[] = [];
    for (let ms = 0; ms < 250; ms += 10) {
      await door.house.clock.advance(10);
      arrivals.push(receiver.video.units.length);
    }
    await units(receiver, 50);
    // Not at once, and not later than a quarter of a second.
    expect(arrivals[2]).toBeLessThan(50);
    expect(new Set(arrivals).size).toBeGreaterThan(8);
    await door.film(25);
    await units(receiver, 75);
    const fills = receiver.video.units.map(({ nals }) => nals.at(-1)?.at(-1));
    expect(fills).toEqual([...Array(50).keys(), ...Array(25).keys()]);
  });

  it("lets pictures that are taken during the burst queue behind it", async () => {
    await using door = await Door.open(50);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    for (let index = 0; index < 10; index += 1) {
      const arrivedAt = door.house.clock.monotonic();
      door.house.camera.send(makePicture({ timestamp: 180_000 + index * 3_600, arrivedAt, fill: 100 + index }));
      await door.house.clock.advance(frameMs);
    }
    await units(receiver, 60);
    const fills = receiver.video.units.map(({ nals }) => nals.at(-1)?.at(-1));
    expect(fills).toEqual([...Array(50).keys(), ...Array.from({ length: 10 }, (_, index) => 100 + index)]);
    expect(receiver.video.steppedBack).toBe(0);
  });

  it("stamps the burst with the moment of sending, so that the viewer is live after it and not a GOP behind", async () => {
    await using door = await Door.open(50);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    await door.house.clock.advance(200);
    await units(receiver, 50);
    await door.film(25);
    await units(receiver, 75);
    const stamps = receiver.video.units.map(({ timestamp }) => timestamp);
    const ticks = (to: number, from: number): number => ((stamps[to] ?? 0) - (stamps[from] ?? 0)) | 0;
    expect(receiver.video.steppedBack).toBe(0);
    // The GOP's two seconds take a fifth of one, and the live pictures keep the camera's own distances.
    expect(ticks(49, 0)).toBeLessThanOrEqual(90 * 200);
    expect(ticks(49, 0)).toBeGreaterThan(90 * 100);
    expect(ticks(50, 49)).toBeLessThanOrEqual(90 * 100);
    for (let index = 51; index < 75; index += 1) expect(ticks(index, index - 1)).toBe(3_600);
  });

  it("reports with the first packets and at the interval that was asked for, on the moment that is live", async () => {
    await using door = await Door.open(50);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver, makeStart({ rtcpInterval: 0.5 }));
    await eventually("the first report", () => receiver.video.senderReports.length === 1);
    await door.film(50);
    await eventually("five reports", () => receiver.video.senderReports.length === 5);
    const reports = receiver.video.senderReports;
    for (const [index, { ntp, rtp }] of reports.entries()) {
      const before = reports[index - 1];
      if (before === undefined) continue;
      expect((rtp - before.rtp) | 0).toBeCloseTo(45_000, -3);
      expect(Number(ntp - before.ntp) / 2 ** 32).toBeCloseTo(0.5, 6);
    }
    // What a report calls live lies within a picture of the newest one.
    const newest = receiver.video.units.at(-1)?.timestamp ?? 0;
    expect(Math.abs((newest - (reports.at(-1)?.rtp ?? 0)) | 0)).toBeLessThanOrEqual(3_600);
  });

  it("goes to two viewers from one connection, under keys and sources of their own", async () => {
    await using door = await Door.open(10);
    using one = await HomeKitReceiver.open();
    using two = await HomeKitReceiver.open();
    await door.watch(one);
    await door.watch(two, makeStart({ mtu: 600 }));
    await door.house.clock.advance(200);
    await door.film(10);
    await units(one, 20);
    await units(two, 20);
    expect([one.video.rejected, two.video.rejected, one.video.steppedBack, two.video.steppedBack]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([...one.video.ssrcs]).not.toEqual([...two.video.ssrcs]);
    expect(door.house.camera.tries).toBe(1);
  });

  it("goes on after a restart of the camera at its next key picture, never stepping back", async () => {
    await using door = await Door.open(10);
    using receiver = await HomeKitReceiver.open();
    const id = await door.watch(receiver);
    await door.house.clock.advance(200);
    await units(receiver, 10);
    door.house.camera.break(failure("camera-unreachable"));
    await door.house.clock.advance(2_000);
    const arrivedAt = door.house.clock.monotonic();
    door.house.camera.send(
      makePicture({ timestamp: 5, arrivedAt, fill: 200 }),
      makePicture({ timestamp: 3_605, arrivedAt: arrivedAt + 40, key: true, fill: 201 }),
    );
    await units(receiver, 11);
    expect(receiver.video.units).toHaveLength(11);
    const [before, after] = receiver.video.units.slice(-2);
    expect(after?.nals.at(-1)?.at(-1)).toBe(201);
    expect(((after?.timestamp ?? 0) - (before?.timestamp ?? 0)) | 0).toBeGreaterThan(90 * 1_900);
    expect(door.sessions.find(id)).toEqual({ principal: owner, camera });
  });

  it("goes over IPv6 to a viewer that has IPv6", async () => {
    await using door = await Door.open(3);
    using receiver = await HomeKitReceiver.open({ address: "::1" });
    await door.watch(receiver, makeStart({ mtu: 1_228 }));
    await door.house.clock.advance(200);
    await units(receiver, 3);
    expect([...receiver.video.origins][0]).toMatch(/^::1:/);
    // The receiver counts IPv4's header, which is 20 bytes shorter.
    expect(receiver.video.largestDatagram).toBe(1_228 - 20);
  });
});

describe("A HomeKit session's sound", () => {
  const withSound: ReceiverNeeds = { audio: true };
  const speak = async (door: Door, count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const arrivedAt = door.house.clock.monotonic();
      const data = Buffer.from([0x48, index, index]);
      door.house.camera.send(makeSound({ timestamp: 7_000 + index * 960, arrivedAt, data }));
      await door.house.clock.advance(20);
    }
  };

  it("is the camera's own Opus, on a clock of the rate that was asked for", async () => {
    await using door = await Door.open(10, { sound: true });
    using receiver = await HomeKitReceiver.open(withSound);
    await door.watch(receiver, makeStart({}, { sampleRate: 24_000, packetTime: 60, payloadType: 111 }));
    await door.house.clock.advance(200);
    await speak(door, 12);
    await eventually("four packets", () => receiver.sound.packets.length === 4);
    const { packets, rejected } = receiver.sound;
    expect(rejected).toBe(0);
    expect(packets.map(({ payloadType }) => payloadType)).toEqual([111, 111, 111, 111]);
    const steps = packets.slice(1).map(({ timestamp }, index) => (timestamp - (packets[index]?.timestamp ?? 0)) | 0);
    expect(steps).toEqual([1_440, 1_440, 1_440]);
  });

  it("does not replay what was heard before", async () => {
    await using door = await Door.open(10, { sound: true });
    await speak(door, 20);
    using receiver = await HomeKitReceiver.open(withSound);
    await door.watch(receiver, makeStart({}, {}));
    await door.house.clock.advance(300);
    await units(receiver, 10);
    await speak(door, 5);
    await eventually("five packets", () => receiver.sound.packets.length === 5);
    expect(receiver.sound.packets.map(({ payload }) => payload[1])).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ["the camera has none", false, true],
    ["the viewer takes none", true, false],
  ])("is not offered when %s", async (_title, sound, audio) => {
    await using door = await Door.open(2, { sound });
    using receiver = await HomeKitReceiver.open({ audio });
    const prepared = await door.sessions.prepare(
      { principal: owner, camera, body: receiver.request },
      { signal: never },
    );
    expect(prepared.audio).toBeNull();
  });

  it("has a port, source and key of its own, from the same address", async () => {
    await using door = await Door.open(2, { sound: true });
    using receiver = await HomeKitReceiver.open(withSound);
    const { address, video, audio } = await door.sessions.prepare(
      { principal: owner, camera, body: receiver.request },
      { signal: never },
    );
    expect(address).toBe("127.0.0.1");
    expect(audio?.port).not.toBe(video.port);
    expect(audio?.ssrc).not.toBe(video.ssrc);
    expect(audio?.srtp.key).not.toBe(video.srtp.key);
  });
});

describe("What the person before the Home app says", () => {
  const talkTo = async (door: Door, receiver: HomeKitReceiver, talk = true) => {
    const prepared = await door.sessions.prepare(
      { principal: owner, camera, body: receiver.request, talk },
      { signal: never },
    );
    receiver.listen(prepared);
    await door.sessions.start(prepared.id, makeStart({}, {}));
    return prepared;
  };

  it("reaches the camera's microphone, in order and with the clock of Opus", async () => {
    await using door = await Door.open(2, { sound: true });
    using receiver = await HomeKitReceiver.open({ audio: true });
    await talkTo(door, receiver);
    // Two is overtaken by one packet, four by five: so long nothing waits for it.
    for (const sequence of [1, 3, 2, 5, 6, 7, 8, 9, 4, 10]) {
      await receiver.speak(Buffer.from([sequence]), { sequence, timestamp: 320 * sequence });
    }
    await eventually("nine words", () => door.microphones[0]?.said.length === 9);
    const [microphone] = door.microphones;
    expect(microphone?.from).toMatchObject({ codec: "opus", clockRate: 48_000 });
    const inOrder = [1, 2, 3, 5, 6, 7, 8, 9, 10];
    expect(microphone?.said).toEqual(inOrder.map((word) => [String.fromCharCode(word), 960 * word]));
  });

  it("is heard by a camera that sends no sound itself", async () => {
    await using door = await Door.open(2);
    using receiver = await HomeKitReceiver.open({ audio: true });
    const prepared = await talkTo(door, receiver);
    expect(prepared.audio).not.toBeNull();
    await receiver.speak(Buffer.from("hello"), { sequence: 1, timestamp: 320 });
    await eventually("the word", () => door.microphones[0]?.said.length === 1);
  });

  it("is believed under the controller's key alone, and as the type that it selected", async () => {
    await using door = await Door.open(2, { sound: true });
    using receiver = await HomeKitReceiver.open({ audio: true });
    await talkTo(door, receiver);
    const stranger = { key: Buffer.alloc(16, 1), salt: Buffer.alloc(14, 2) };
    await receiver.speak(Buffer.from("stranger"), { sequence: 1, timestamp: 320 }, stranger);
    await receiver.speak(Buffer.from("other type"), { sequence: 2, timestamp: 640, payloadType: 0 });
    await receiver.speak(Buffer.from("mine"), { sequence: 3, timestamp: 960 });
    await eventually("a word", () => (door.microphones[0]?.said.length ?? 0) > 0);
    expect(door.microphones[0]?.said).toEqual([["mine", 2_880]]);
  });

  it("ends with the session, and is not asked for without the right to talk", async () => {
    await using door = await Door.open(2, { sound: true });
    using receiver = await HomeKitReceiver.open({ audio: true });
    const { id } = await talkTo(door, receiver);
    door.sessions.end(id);
    expect(door.microphones.map(({ off }) => off)).toEqual([true]);
    using other = await HomeKitReceiver.open({ audio: true });
    await talkTo(door, other, false);
    expect(door.microphones).toHaveLength(1);
  });
});
