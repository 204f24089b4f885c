import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { innerProtocol, PrincipalId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";

import { limits } from "./limits.ts";
import { DoorWorld, makeDoorKey, TestAuthority, until, type Manners, type Shown } from "./testing/door-world.ts";

const cookie = "c".repeat(43);
const other = PrincipalId.parse("who-bbbbbbbbbbbbbbbb");

let world: DoorWorld;
beforeEach(() => {
  world = new DoorWorld();
});
afterEach(() => world[Symbol.dispose]());

const keysOf = ({ key }: Shown) => ({ privateKey: createPrivateKey(key), publicKey: createPublicKey(key) });
/** Resolves when the other side ended the connection. */
const ended = async (socket: TLSSocket): Promise<void> => {
  if (!socket.destroyed) await once(socket, "close");
};
const cameIn = async (count: number): Promise<void> => until(`${count} came in`, () => world.entered.length === count);

describe("the door inside the channels", () => {
  it("hands a device over that shows the key it was admitted by, and says what it wants", async () => {
    const device = world.pair();
    const socket = await world.enter(device, "GH1 api\n");
    await cameIn(1);
    expect(world.entered[0]).toMatchObject({ to: "api", visitor: { device: device.device, person: device.person } });
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(socket.alpnProtocol).toBe(innerProtocol);
    expect(world.door.figures).toMatchObject({ channels: 1, entered: 1 });
  });

  it("leaves what comes behind the first line for whom it is handed to, in whatever pieces that line came", async () => {
    const device = world.pair();
    const whole = await world.enter(device, "GH1 api\nGET / HTTP/1.1\r\n");
    await cameIn(1);
    const pieces = await world.speak(device, world.channel(device));
    for (const piece of ["GH", "1 a", "pi", "\nGET /", " HTTP/1.1\r\n"]) {
      pieces.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await cameIn(2);
    for (const [index, theirs] of [whole, pieces].entries()) {
      const ours = world.entered[index]!.socket;
      let text = "";
      ours.on("data", (bytes: Buffer) => (text += bytes.toString()));
      theirs.end("host: x\r\n");
      await once(ours, "end");
      expect(text).toBe("GET / HTTP/1.1\r\nhost: x\r\n");
    }
  });

  it("lets RTSP in with the login of the device's person", async () => {
    const device = world.pair();
    const login = world.signIn(device.person, cookie);
    await world.enter(device, `GH1 rtsp ${cookie}\n`);
    await cameIn(1);
    expect(world.entered[0]).toMatchObject({ to: "rtsp", visitor: { device: device.device, login } });
  });

  it.each([
    ["a cookie of nobody", undefined],
    ["another person's cookie", other],
  ])("ends RTSP with %s", async (_case, principal) => {
    const device = world.pair();
    if (principal !== undefined) world.signIn(principal, cookie);
    await ended(await world.enter(device, `GH1 rtsp ${cookie}\n`));
    expect(world.entered).toEqual([]);
    expect(world.door.figures.refused.login).toBe(1);
    expect(world.denied).toEqual([
      { principal: "-", action: "remoteDoor", target: device.device, why: "login", peer: `device ${device.device}` },
    ]);
  });

  it("shows a superseded key to whoever asks for that, and no key to whoever asks for another, or for none", async () => {
    const device = world.pair();
    const [before] = world.keys.shown;
    const now = makeDoorKey();
    world.keys.replace([now, before!]);
    const socket = await world.enter(device, "GH1 api\n", { door: before! });
    expect(socket.getPeerX509Certificate()?.toString()).toBe(before!.cert);
    await world.enter(device, "GH1 api\n", { door: now });
    await cameIn(2);
    world.keys.replace([now]);
    await expect(world.enter(device, "GH1 api\n", { door: before! })).rejects.toThrow("disconnected");
    await expect(world.enter(device, "GH1 api\n", { servername: "" })).rejects.toThrow("handshake failure");
    await expect(world.enter(device, "GH1 api\n", { servername: "localhost" })).rejects.toThrow("disconnected");
    expect(world.door.figures).toMatchObject({ entered: 2, refused: { handshake: 3 } });
  });

  it("is not gone through by a device that expects another key", async () => {
    const device = world.pair();
    await expect(world.enter(device, "GH1 api\n", { ca: makeDoorKey().cert })).rejects.toThrow("self-signed");
    await until("it is over", () => world.door.figures.channels === 0);
    expect(world.entered).toEqual([]);
  });

  it("ends TLS 1.2, whatever else is right", async () => {
    const device = world.pair();
    await expect(world.enter(device, "GH1 api\n", { maxVersion: "TLSv1.2" })).rejects.toThrow("protocol version");
    expect(world.door.figures.refused.handshake).toBe(1);
  });

  it.each([
    ["another protocol", { ALPNProtocols: ["http/1.1"] }],
    ["no protocol", { ALPNProtocols: undefined }],
  ] as const)("ends a device that speaks %s", async (_case, manners) => {
    const device = world.pair();
    const socket = await world.enter(device, "GH1 api\n", manners as Manners).catch(() => undefined);
    if (socket !== undefined) await ended(socket);
    await until("it was refused", () => world.door.figures.channels === 0);
    expect(world.entered).toEqual([]);
  });

  const strangers: readonly (readonly [string, (world: DoorWorld) => Partial<Shown>, "handshake" | "key"])[] = [
    ["no certificate", () => ({ cert: undefined, key: undefined }), "handshake"],
    ["one of another authority", () => new TestAuthority().issue("dev", generateKeyPairSync("ed25519")), "handshake"],
    ["another device's", (here) => here.pair().shown, "key"],
    [
      "a paired plugin's, which is on P-256",
      (here) => here.authority.issue("who-x", generateKeyPairSync("ec", { namedCurve: "P-256" })),
      "key",
    ],
  ];
  it.each(strangers)("ends a channel on which comes %s", async (_case, shown, why) => {
    const device = world.pair();
    const socket = await world.speak({ shown: shown(world) as Shown }, world.channel(device));
    socket.write("GH1 api\n");
    await ended(socket);
    expect(world.entered).toEqual([]);
    expect(world.door.figures.refused[why]).toBe(1);
    expect(world.denied.map((row) => row.why)).toEqual(why === "key" ? ["key"] : []);
  });

  it("ends a certificate of the very key that another authority signed", async () => {
    const device = world.pair();
    const shown = { ...device.shown, cert: new TestAuthority().issue("dev", keysOf(device.shown)).cert };
    const socket = await world.speak({ shown }, world.channel(device));
    await ended(socket);
    expect(world.door.figures.refused.handshake).toBe(1);
  });

  it("resumes nothing: each channel proves the key anew", async () => {
    const device = world.pair();
    const first = await world.enter(device, "GH1 api\n");
    const sessions: Buffer[] = [];
    first.on("session", (session: Buffer) => sessions.push(session));
    await cameIn(1);
    world.entered[0]!.socket.write("x");
    await once(first, "data");
    for (const session of [...sessions, first.getSession()!]) {
      const again = await world.enter(device, "GH1 api\n", { session });
      expect(again.isSessionReused()).toBe(false);
    }
  });

  it.each([
    ["another version", "GH2 api\n"],
    ["another word", "GH1 ftp\n"],
    ["an HTTP request", "GET / HTTP/1.1\r\n\r\n"],
    ["a cookie that is too short", `GH1 rtsp ${"c".repeat(42)}\n`],
    ["a line that never ends", "G".repeat(256)],
    ["a line that ends too late", `${"G".repeat(256)}\n`],
    ["nothing", "\n"],
  ])("ends a device whose first line is %s", async (_case, line) => {
    const device = world.pair();
    await ended(await world.enter(device, line));
    expect(world.entered).toEqual([]);
    expect(world.door.figures.refused.preface).toBe(1);
  });

  it("ends a device that is revoked, or given to another person, while it says what it wants", async () => {
    for (const to of [undefined, other]) {
      const device = world.pair();
      const socket = await world.speak(device, world.channel(device));
      world.change(device, to, { quietly: true });
      socket.write("GH1 api\n");
      await ended(socket);
    }
    expect(world.entered).toEqual([]);
    expect(world.door.figures.refused.revoked).toBe(2);
  });

  it("ends what a device opened at once when it leaves the roll, and leaves others alone", async () => {
    const [gone, given, stays] = [world.pair(), world.pair(), world.pair()];
    for (const device of [gone, given, stays]) await world.enter(device, "GH1 api\n");
    await cameIn(3);
    const [first, second, third] = world.entered.map(({ socket }) => socket) as [TLSSocket, TLSSocket, TLSSocket];
    world.change(gone, undefined);
    await ended(first);
    expect(second.destroyed).toBe(false);
    world.change(given, other);
    await ended(second);
    expect(third.destroyed).toBe(false);
    expect(world.door.figures.channels).toBe(1);
  });

  it("ends a device's channels when told so, those included on which nothing was said yet", async () => {
    const device = world.pair();
    const { ours } = world.channel(device);
    const socket = await world.enter(device, "GH1 api\n");
    world.door.end(device.device);
    expect(ours.destroyed).toBe(true);
    await ended(socket);
    expect(world.door.figures.channels).toBe(0);
  });

  it("ends the channel with what came in by it, and the other way round", async () => {
    const device = world.pair();
    const first = await world.enter(device, "GH1 api\n");
    await cameIn(1);
    world.entered[0]!.socket.destroy();
    await ended(first);
    const channel = world.channel(device);
    const second = await world.speak(device, channel);
    second.write("GH1 api\n");
    await cameIn(2);
    channel.ours.destroy();
    await ended(world.entered[1]!.socket);
    expect(world.door.figures.channels).toBe(0);
  });

  it("gives one device so many channels and no more, and others theirs", async () => {
    const [greedy, modest] = [world.pair(), world.pair()];
    const channels = Array.from({ length: limits.channelsPerDevice + 1 }, () => world.channel(greedy));
    expect(channels.map(({ ours }) => ours.destroyed).indexOf(true)).toBe(limits.channelsPerDevice);
    await world.enter(modest, "GH1 api\n");
    await cameIn(1);
    expect(world.door.figures.refused.crowded).toBe(1);
  });

  it("gives all devices so many channels and no more", () => {
    const each = limits.channelsPerDevice;
    for (let taken = 0; taken < limits.channels; taken += each) {
      const device = world.pair();
      for (let one = 0; one < each && taken + one < limits.channels; one += 1) world.channel(device);
    }
    expect(world.door.figures.channels).toBe(limits.channels);
    expect(world.channel(world.pair()).ours.destroyed).toBe(true);
  });

  it("lets nobody in once it is closed", () => {
    const device = world.pair();
    world.door[Symbol.dispose]();
    expect(world.channel(device).ours.destroyed).toBe(true);
  });

  it("never lets a stream that changed on the way through, and closes it", async () => {
    const device = world.pair();
    const channel = world.channel(device);
    const socket = await world.speak(device, channel);
    socket.write("GH1 api\n");
    await cameIn(1);
    let heard = 0;
    world.entered[0]!.socket.on("data", () => (heard += 1));
    // An application data record that nobody sealed. RFC 8446 5.2
    channel.theirs.write(Buffer.concat([Buffer.from("1703030030", "hex"), Buffer.alloc(48, 7)]));
    await ended(world.entered[0]!.socket);
    expect(heard).toBe(0);
  });
});

describe("the door's patience", () => {
  it("ends for a device that begins no TLS, and for one that does not say what it wants", async () => {
    const clock = new TestClock();
    const patient = new DoorWorld({ clock });
    try {
      const silent = patient.channel(patient.pair());
      await clock.advance(limits.handshake - 1);
      expect(silent.ours.destroyed).toBe(false);
      await clock.advance(1);
      expect(silent.ours.destroyed).toBe(true);
      const device = patient.pair();
      const channel = patient.channel(device);
      const socket = await patient.speak(device, channel);
      socket.write("GH1 a");
      await until("the door waits for the line", () => clock.pending === 1);
      await clock.advance(limits.preface - 1);
      expect(channel.ours.destroyed).toBe(false);
      await clock.advance(1);
      expect(channel.ours.destroyed).toBe(true);
      expect(patient.door.figures.refused).toMatchObject({ handshake: 1, preface: 1 });
      expect(clock.pending).toBe(0);
    } finally {
      patient[Symbol.dispose]();
    }
  });
});
