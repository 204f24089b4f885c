import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";

import { eventually } from "../support/eventually.ts";
import { Door, units } from "../support/homekit-door.ts";
import { openUdp } from "../support/homekit-live-video.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";

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
    await door.sessions.start(id, makeStart());
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
