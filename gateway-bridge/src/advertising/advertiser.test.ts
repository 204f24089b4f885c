import { describe, expect, it } from "@jest/globals";
import { GatewayId } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { NetworkInterfaceInfo } from "node:os";

import { Advertiser, announcementOf, lookMs, type Announcement, type OpenResponder } from "./advertiser.ts";

const id = GatewayId.parse("gw-abcdefghijklmnop");

describe("announcementOf", () => {
  it.each([
    ["0.0.0.0:8443", { id, port: 8443, address: undefined }],
    ["[::]:8443", { id, port: 8443, address: undefined }],
    ["192.168.1.5:443", { id, port: 443, address: "192.168.1.5" }],
    ["[fd00::5]:8443", { id, port: 8443, address: "fd00::5" }],
    ["127.0.0.1:8443", undefined],
    ["127.9.9.9:8443", undefined],
    ["[::1]:8443", undefined],
    ["", undefined],
  ])("of a gateway that listens at %s", (listening, announcement) => {
    expect(announcementOf(id, listening)).toEqual(announcement);
  });
});

describe("Advertiser", () => {
  const log = new MemoryLogger();
  const clock = new TestClock();
  const on = (internal: boolean) => [{ internal } as NetworkInterfaceInfo];
  let networks: Record<string, NetworkInterfaceInfo[]> = { lo: on(true), eth0: on(false) };
  const open = (openResponder: OpenResponder, listening = "0.0.0.0:8443"): Advertiser | undefined =>
    Advertiser.open({ gateway: id, listening, openResponder, interfaces: () => networks, clock, log, random: () => 0 });

  it("tells the id and where it is, until it is closed", async () => {
    const told: Announcement[] = [];
    let goodbyes = 0;
    const advertiser = open(async (announcement) => {
      told.push(announcement);
      return { [Symbol.asyncDispose]: async () => void (goodbyes += 1) };
    });
    await clock.advance(1);
    expect([told, goodbyes]).toEqual([[{ id, port: 8443, address: undefined }], 0]);
    await advertiser?.[Symbol.asyncDispose]();
    expect(goodbyes).toBe(1);
  });

  it("opens nothing on loopback", () => {
    const openResponder: OpenResponder = () => {
      throw new Error("asked");
    };
    expect(open(openResponder, "127.0.0.1:8443")).toBeUndefined();
  });

  it("tries again when it failed, and harms nobody meanwhile", async () => {
    let tries = 0;
    const advertiser = open(async () => {
      tries += 1;
      if (tries < 3) throw new Error("no network yet");
      return { [Symbol.asyncDispose]: async () => undefined };
    });
    await clock.advance(120_000);
    expect(tries).toBe(3);
    await advertiser?.[Symbol.asyncDispose]();
  });

  it("moves to the networks that there are, and is silent without any", async () => {
    const told: string[] = [];
    const advertiser = open(async (_announcement, { interfaces }) => {
      told.push(`hello ${interfaces.join()}`);
      return { [Symbol.asyncDispose]: async () => void told.push("goodbye") };
    });
    await clock.advance(3 * lookMs);
    networks = { ...networks, wlan0: on(false) };
    await clock.advance(lookMs);
    networks = { lo: on(true) };
    await clock.advance(3 * lookMs);
    networks = { ...networks, wlan0: on(false) };
    await clock.advance(lookMs);
    await advertiser?.[Symbol.asyncDispose]();
    expect(told).toEqual(["hello eth0", "goodbye", "hello eth0,wlan0", "goodbye", "hello wlan0", "goodbye"]);
  });

  it("warns where somebody else has the name", async () => {
    const advertiser = open(async (_announcement, { onTaken }) => {
      onTaken();
      return { [Symbol.asyncDispose]: async () => undefined };
    });
    await clock.advance(1);
    expect(log.lines.filter(({ message }) => /uses the gateway's name/.test(message))).toHaveLength(1);
    await advertiser?.[Symbol.asyncDispose]();
  });
});
