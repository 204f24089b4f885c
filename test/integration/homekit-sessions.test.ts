import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { CameraId, SessionId } from "@gatehouse/shared";

import { HomeKitSessions } from "../../gateway-bridge/src/consumers/homekit/homekit-sessions.ts";
import { camera, failure, House } from "../../gateway-bridge/src/media/testing/house.ts";
import { eventually } from "../support/eventually.ts";
import { Door, never, other, owner, prepareFor, units } from "../support/homekit-door.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";

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

  it.each([
    ["a link-local viewer when nothing tells the network", "fe80::9", undefined],
    ["to send from an address that this box has lost meanwhile", "192.168.77.9", "192.0.2.7"],
  ])("refuses %s", async (_title, address, localAddress) => {
    await using house = new House();
    const gone = { address: "192.0.2.7", family: "IPv4" as const, netmask: "255.255.255.0", cidr: "192.0.2.7/24" };
    await using sessions = new HomeKitSessions({
      stream: () => house.stream,
      clock: house.clock,
      log: house.log,
      interfaces: () => ({ eth9: [{ ...gone, mac: "00:00:5e:00:53:01", internal: false }] }),
    });
    const preparing = sessions.prepare(prepareFor({ address }, localAddress), { signal: never });
    const outcome = expect(preparing).rejects.toMatchObject({ code: "viewer-address-refused" });
    await house.settle();
    house.camera.send(...house.gop());
    await outcome;
    expect(sessions.active).toEqual([]);
  });

  it("refuses a viewer's key of the wrong length, leaving no socket", async () => {
    await using door = await Door.open(2);
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = sockets();
    const videoSrtp = { key: randomBytes(18).toString("base64"), salt: randomBytes(14).toString("base64") };
    const preparing = door.sessions.prepare(prepareFor({ videoSrtp }, "127.0.0.1"), { signal: never });
    await expect(preparing).rejects.toMatchObject({ code: "request-invalid" });
    await eventually("no socket more than before", () => sockets() <= before);
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

  it("leaves some places to other plugins", async () => {
    await using door = await Door.open(2, { max: { total: 9, perCamera: 9, perPrincipal: 2 } });
    using receiver = await HomeKitReceiver.open();
    const prepare = (principal = owner) =>
      door.sessions.prepare({ principal, camera, body: receiver.request }, { signal: never });
    await prepare();
    await prepare();
    await expect(prepare()).rejects.toMatchObject({ code: "too-many-sessions", message: expect.stringContaining("2") });
    await expect(prepare("who-zzzzzzzzzzzzzzzz" as typeof owner)).resolves.toBeDefined();
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
    await expect(door.sessions.start(id, makeStart())).rejects.toThrow("closed the stream");
    expect(door.sessions.active).toEqual([]);
  });

  it.each([
    [320, "sub"],
    [1280, "main"],
  ] as const)("starts a viewer of %i pixels that waits for its picture on the %s tier", async (width, tier) => {
    await using house = new House();
    await using sessions = new HomeKitSessions({
      stream: (_camera, wanted) =>
        house.streams.of(camera, wanted.width === undefined || wanted.width > 1280 ? "main" : "sub"),
      clock: house.clock,
      log: house.log,
      interfaces: networkInterfaces,
    });
    const preparing = sessions.prepare(prepareFor({}, "127.0.0.1"), { signal: never });
    await house.settle();
    house.camera.send(...house.gop());
    await sessions.start((await preparing).id, makeStart({ width }));
    const watched = house.streams.status().filter(({ viewers }) => viewers > 0);
    expect(watched.map((status) => status.tier)).toEqual([tier]);
    // The tier that was prepared is let go when another is watched.
    await house.clock.advance(9_999);
    expect(house.streams.of(camera, "main").state.kind).toBe("live");
    await house.clock.advance(1);
    expect(house.streams.of(camera, "main").state.kind).toBe(tier === "main" ? "live" : "idle");
  });

  it("starts a session once, and knows those that never were", async () => {
    await using door = await Door.open(5);
    using receiver = await HomeKitReceiver.open();
    const id = await door.watch(receiver);
    await expect(door.sessions.start(id, makeStart())).rejects.toThrow("started before");
    await expect(door.sessions.start("ses-aaaaaaaaaaaaaaaa" as SessionId, makeStart())).rejects.toThrow(
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
      if (round % 4 !== 0) await door.sessions.start(id, makeStart({}, {}));
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
