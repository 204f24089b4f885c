import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { CameraId, PrincipalId, SessionId, StartHomeKitSession } from "@gatehouse/shared";

import {
  HomeKitSessions,
  type HomeKitPreparation,
} from "../../gateway-bridge/src/consumers/homekit/homekit-sessions.ts";
import { camera, failure, House } from "../../gateway-bridge/src/media/testing/house.ts";
import {
  makePicture,
  makePictures,
  makeSound,
  opusTrack,
  parameterSets,
  videoTrack,
} from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "../support/eventually.ts";
import { HomeKitReceiver, makeStart, type ReceiverNeeds } from "../support/homekit-receiver.ts";
import { openUdp } from "../support/homekit-live-video.ts";

const owner = "who-aaaaaaaaaaaaaaaa" as PrincipalId;
const other = "who-bbbbbbbbbbbbbbbb" as PrincipalId;
const never = new AbortController().signal;
const frameMs = 40;

/** A camera, its stream and the HomeKit sessions on it, on a clock that stands still; the sockets are real. */
class Door implements AsyncDisposable {
  readonly house = new House();
  readonly sessions: HomeKitSessions;
  readonly #bootedAt = this.house.clock.monotonic();

  private constructor(maxSessions?: { total: number; perCamera: number }) {
    const { clock, log, stream } = this.house;
    this.sessions = new HomeKitSessions({
      stream: () => stream,
      clock,
      log,
      interfaces: networkInterfaces,
      ...(maxSessions === undefined ? {} : { maxSessions }),
    });
  }

  /** With a GOP of `frames` pictures behind it, taken at 25 a second. */
  static async open(frames = 50, options: { sound?: boolean; max?: { total: number; perCamera: number } } = {}) {
    const door = new Door(options.max);
    if (options.sound === true) door.house.camera.tracks = [videoTrack, opusTrack];
    door.house.streams.setWarm(camera, true);
    await door.house.settle();
    if (frames > 0) await door.film(frames);
    return door;
  }

  /** Takes so many pictures in their own time, the first a key picture. */
  async film(frames: number): Promise<void> {
    const { camera: source, clock } = this.house;
    const gop = makePictures({ count: frames, keySize: 60_000, size: 4_000 });
    for (const picture of gop) {
      const arrivedAt = clock.monotonic();
      source.send({ ...picture, timestamp: (arrivedAt - this.#bootedAt) * 90, arrivedAt });
      await clock.advance(frameMs);
    }
  }

  async prepare(receiver: HomeKitReceiver, principal = owner): Promise<SessionId> {
    const prepared = await this.sessions.prepare({ principal, camera, body: receiver.request }, { signal: never });
    receiver.listen(prepared);
    return prepared.id;
  }

  async watch(
    receiver: HomeKitReceiver,
    body: StartHomeKitSession = makeStart(),
    principal = owner,
  ): Promise<SessionId> {
    const id = await this.prepare(receiver, principal);
    this.sessions.start(id, body);
    return id;
  }

  logged(message: string) {
    return this.house.log.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }

  get endings(): readonly unknown[] {
    return this.logged("HomeKit session ends").map((fields) => fields["why"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]();
    await this.house[Symbol.asyncDispose]();
  }
}

const units = (receiver: HomeKitReceiver, count: number): Promise<void> =>
  eventually(`${count} pictures`, () => receiver.video.units.length >= count);
const prepareFor = (viewer: Partial<HomeKitPreparation["body"]["viewer"]>, localAddress?: string) => {
  const srtp = { key: randomBytes(16).toString("base64"), salt: randomBytes(14).toString("base64") };
  const body = { viewer: { address: "127.0.0.1", videoPort: 9, videoSrtp: srtp, ...viewer } };
  return { principal: owner, camera, body: localAddress === undefined ? body : { ...body, localAddress } };
};

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
    door.sessions.start(prepared.id, makeStart({ payloadType: 97, mtu: 1_000 }));
    await door.house.clock.advance(300);
    await units(receiver, 50);
    const { video } = receiver;
    expect([...video.origins]).toEqual([`127.0.0.1:${prepared.video.port}`]);
    expect([...video.ssrcs]).toEqual([prepared.video.ssrc]);
    expect([...video.payloadTypes]).toEqual([97]);
    expect(video.largestDatagram).toBe(1_000);
    expect([video.rejected, video.lost, video.damaged]).toEqual([0, 0, 0]);
  });

  it("never exceeds 1200 bytes of payload, however large the MTU", async () => {
    await using door = await Door.open(2);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver, makeStart({ mtu: 9_000 }));
    await door.house.clock.advance(300);
    await units(receiver, 2);
    expect(receiver.video.largestDatagram).toBe(28 + 12 + 1_200 + 10);
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

describe("A HomeKit viewer's liveness", () => {
  const quiet = "HomeKit viewer is quiet";

  it("ends a session whose viewer never answers after 10 s, with a warning after 5", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    await door.house.clock.advance(4_999);
    expect(door.logged(quiet)).toHaveLength(0);
    await door.house.clock.advance(5_000);
    expect(door.logged(quiet)).toHaveLength(1);
    expect(door.sessions.active).toHaveLength(1);
    await door.house.clock.advance(1);
    expect(door.sessions.active).toHaveLength(0);
    expect(door.endings).toEqual(["the viewer never answered for 10 s"]);
    expect(door.house.stream.status.viewers).toBe(0);
  });

  it("keeps a viewer that answers, and ends it 30 s after it falls silent, harming no other", async () => {
    await using door = await Door.open(5);
    using one = await HomeKitReceiver.open();
    using two = await HomeKitReceiver.open();
    const silent = await door.watch(one);
    const answering = await door.watch(two);
    const report = async (receiver: HomeKitReceiver): Promise<void> => {
      await receiver.send(receiver.report());
      await door.house.clock.advance(4_000);
    };
    for (let round = 0; round < 10; round += 1) {
      await one.send(one.report());
      await report(two);
    }
    expect(door.sessions.active).toHaveLength(2);
    for (let round = 0; round < 7; round += 1) await report(two);
    expect(door.sessions.find(silent)).toBeUndefined();
    expect(door.sessions.find(answering)).toBeDefined();
    expect(door.endings).toEqual(["the viewer stopped answering for 30 s"]);
    await door.film(5);
    await units(two, 10);
  });

  it("counts no report that is made with another key, comes from another port, or came before", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    const stranger = await openUdp("127.0.0.1");
    try {
      await door.watch(receiver);
      const seen = receiver.report();
      await receiver.send(seen);
      await door.house.clock.advance(100);
      for (let second = 0; second < 31; second += 1) {
        await receiver.send(receiver.report({ key: randomBytes(16), salt: randomBytes(14) }));
        await receiver.send(receiver.report(), stranger);
        await receiver.send(seen);
        await receiver.send(Buffer.from("80c9", "hex"));
        await receiver.send(randomBytes(1_200));
        await door.house.clock.advance(1_000);
      }
      expect(door.endings).toEqual(["the viewer stopped answering for 30 s"]);
    } finally {
      stranger.close();
    }
  });

  it("ends with the viewer's goodbye", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    await receiver.send(receiver.goodbye());
    await eventually("the end", () => door.sessions.active.length === 0);
    expect(door.endings).toEqual(["the viewer said goodbye"]);
  });

  it("survives a viewer whose port is closed, up to its deadline", async () => {
    await using door = await Door.open(5);
    const receiver = await HomeKitReceiver.open();
    const id = await door.prepare(receiver);
    receiver[Symbol.dispose]();
    door.sessions.start(id, makeStart());
    for (let gop = 0; gop < 4; gop += 1) await door.film(50);
    expect(door.sessions.active).toHaveLength(1);
    await door.house.clock.advance(2_000);
    expect(door.endings).toEqual(["the viewer never answered for 10 s"]);
  });

  it("ends a session that was prepared and never started", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    await door.prepare(receiver);
    await door.house.clock.advance(30_000);
    expect(door.sessions.active).toHaveLength(0);
    expect(door.endings).toEqual(["never started"]);
    expect(receiver.video.packets).toBe(0);
  });
});

describe("HomeKitSessions", () => {
  it.each([
    ["8.8.8.8", undefined],
    ["224.0.0.251", undefined],
    ["255.255.255.255", undefined],
    ["0.0.0.0", undefined],
    ["2606:4700::1111", undefined],
    ["::ffff:8.8.8.8", undefined],
    ["127.0.0.1", undefined],
    ["127.0.0.1", "192.168.1.2"],
  ])("refuses a viewer at %s with HAP at %s before the camera is asked", async (address, localAddress) => {
    await using house = new House();
    await using sessions = new HomeKitSessions({
      stream: () => house.stream,
      clock: house.clock,
      log: house.log,
      interfaces: networkInterfaces,
    });
    await expect(sessions.prepare(prepareFor({ address }, localAddress), { signal: never })).rejects.toMatchObject({
      code: "viewer-address-refused",
    });
    await house.settle();
    expect(house.camera.tries).toBe(0);
    expect(sessions.active).toEqual([]);
  });

  it("refuses a viewer's key of the wrong length, leaving no socket", async () => {
    await using door = await Door.open(2);
    const videoSrtp = { key: randomBytes(18).toString("base64"), salt: randomBytes(14).toString("base64") };
    const preparing = door.sessions.prepare(prepareFor({ videoSrtp }, "127.0.0.1"), { signal: never });
    await expect(preparing).rejects.toMatchObject({ code: "request-invalid" });
    await eventually("no socket", () => !process.getActiveResourcesInfo().includes("UDPWrap"));
  });

  it.each(["camera-credentials", "camera-unreachable"] as const)("answers with the camera's own %s", async (code) => {
    await using house = new House();
    house.camera.refusal = failure(code);
    await using sessions = new HomeKitSessions({
      stream: () => house.stream,
      clock: house.clock,
      log: house.log,
      interfaces: networkInterfaces,
    });
    const preparing = sessions.prepare(prepareFor({}, "127.0.0.1"), { signal: never });
    await expect(preparing).rejects.toMatchObject({ code });
  });

  it("admits as many viewers as it may, and again when one has left", async () => {
    await using door = await Door.open(2, { max: { total: 3, perCamera: 2 } });
    using receiver = await HomeKitReceiver.open();
    const prepare = (of = camera) =>
      door.sessions.prepare({ principal: owner, camera: of, body: receiver.request }, { signal: never });
    const first = await prepare();
    await prepare();
    await expect(prepare()).rejects.toMatchObject({ code: "too-many-sessions" });
    const elsewhere = "cam-bbbbbbbbbbbbbbbb" as CameraId;
    await prepare(elsewhere);
    await expect(prepare(elsewhere)).rejects.toMatchObject({ code: "too-many-sessions" });
    door.sessions.end(first.id);
    await expect(prepare()).resolves.toBeDefined();
  });

  it("counts viewers whose camera is still awaited", async () => {
    await using door = await Door.open(0, { max: { total: 2, perCamera: 2 } });
    const prepare = () => door.sessions.prepare(prepareFor({}, "127.0.0.1"), { signal: never });
    const waiting = [prepare(), prepare()];
    await expect(prepare()).rejects.toMatchObject({ code: "too-many-sessions" });
    await door.film(1);
    await expect(Promise.all(waiting)).resolves.toHaveLength(2);
  });

  it("ends a revoked principal's sessions at once: not a packet follows, and others stay", async () => {
    await using door = await Door.open(5);
    using revoked = await HomeKitReceiver.open();
    using kept = await HomeKitReceiver.open();
    await door.watch(revoked);
    await door.watch(kept, makeStart(), other);
    await door.house.clock.advance(200);
    await units(revoked, 5);
    await units(kept, 5);
    door.sessions.endAll({ principal: owner }, "its principal was revoked");
    const { packets } = revoked.video;
    await door.film(5);
    await units(kept, 10);
    expect(revoked.video.packets).toBe(packets);
    expect(door.sessions.active.map(({ principal }) => principal)).toEqual([other]);
    expect(door.endings).toEqual(["its principal was revoked"]);
  });

  it("ends a revoked principal's session that is still being prepared", async () => {
    await using door = await Door.open(0);
    const preparing = door.sessions.prepare(prepareFor({}, "127.0.0.1"), { signal: never });
    const outcome = expect(preparing).rejects.toMatchObject({ code: "stream-ended" });
    door.sessions.endAll({ principal: other }, "not this one");
    door.sessions.endAll({ principal: owner }, "its principal was revoked");
    await outcome;
    await door.film(1);
    expect(door.sessions.active).toEqual([]);
  });

  it("stops preparing when the caller leaves", async () => {
    await using door = await Door.open(0);
    const caller = new AbortController();
    const preparing = door.sessions.prepare(prepareFor({}, "127.0.0.1"), { signal: caller.signal });
    const outcome = expect(preparing).rejects.toThrow("left");
    caller.abort(new Error("left"));
    await outcome;
    await door.film(1);
    expect(door.sessions.active).toEqual([]);
  });

  it("ends the sessions of a removed camera", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    await door.watch(receiver);
    await door.house.streams.close(camera);
    expect(door.sessions.active).toEqual([]);
    expect(door.endings).toEqual(["The gateway closed the stream."]);
  });

  it("ends a prepared session of a camera that was removed before the start, and says so", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    const id = await door.prepare(receiver);
    await door.house.streams.close(camera);
    expect(() => door.sessions.start(id, makeStart())).toThrow("closed the stream");
    expect(door.sessions.active).toEqual([]);
  });

  it("starts a session once, and knows those that never were", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    const id = await door.watch(receiver);
    expect(() => door.sessions.start(id, makeStart())).toThrow("started before");
    expect(() => door.sessions.start("ses-aaaaaaaaaaaaaaaa" as SessionId, makeStart())).toThrow(
      "no such HomeKit session",
    );
    door.sessions.end(id);
    door.sessions.end(id);
    expect(door.sessions.find(id)).toBeUndefined();
  });

  it("leaves neither socket, timer, viewer nor listener behind 200 joins and leaves", async () => {
    await using door = await Door.open(5, { sound: true });
    using receiver = await HomeKitReceiver.open({ audio: true });
    const resources = (): number => process.getActiveResourcesInfo().length;
    const before = resources();
    const timers = door.house.clock.pending;
    for (let round = 0; round < 200; round += 1) {
      const body = receiver.request;
      const { id } = await door.sessions.prepare({ principal: owner, camera, body }, { signal: never });
      if (round % 4 !== 0) door.sessions.start(id, makeStart({}, {}));
      if (round % 4 === 3) await door.house.clock.advance(20);
      door.sessions.end(id);
    }
    await eventually("no more resources than before", () => resources() <= before);
    expect(door.house.clock.pending).toBe(timers);
    expect(door.house.stream.status.viewers).toBe(0);
    expect(door.sessions.active).toEqual([]);
    expect(door.house.camera.tries).toBe(1);
  });
});
