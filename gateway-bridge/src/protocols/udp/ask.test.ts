import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";

import { announceRequest, readAnnounceAnswer } from "../pcp/announce.ts";
import { externalAddressRequest, readExternalAddress } from "../nat-pmp/external-address.ts";
import { ask } from "./ask.ts";

const never = { signal: new AbortController().signal };
const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.close()));

const host = async (
  hear: (datagram: Buffer, from: RemoteInfo, socket: Socket) => void,
  address: "127.0.0.1" | "::1" = "127.0.0.1",
) => {
  const socket = createSocket(address === "::1" ? "udp6" : "udp4");
  sockets.push(socket);
  socket.on("message", (datagram, from) => hear(datagram, from, socket));
  await once(socket.bind(0, address), "listening");
  return { address, port: socket.address().port };
};
const datagram = (from: string): Buffer => Buffer.from(`question from ${from}`);
const read = (bytes: Buffer): string | undefined => (bytes.toString() === "yes" ? "yes" : undefined);

describe("ask", () => {
  // A box may have IPv6 switched off.
  const own = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
  for (const address of ["127.0.0.1", "::1"] as const) {
    const judge = own.includes(address) ? it : it.skip;
    judge(`brings the first answer of ${address} that is one, and says by which address it asks`, async () => {
      const heard: string[] = [];
      const at = await host((bytes, from, socket) => {
        heard.push(bytes.toString());
        for (const each of ["no", "", "yes", "later"]) socket.send(each, from.port, from.address);
      }, address);
      // It stands still from the first question on, so that no second is asked, however long the answer takes.
      const clock = new TestClock();
      const asking = ask({ ...at, clock, datagram, read }, never);
      while (clock.pending < 4) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(0);
      expect(await asking).toBe("yes");
      expect(heard).toEqual([`question from ${address}`]);
    });
  }

  it("hears nobody but whom it asked", async () => {
    const stranger = createSocket("udp4");
    sockets.push(stranger);
    await once(stranger.bind(0, "127.0.0.1"), "listening");
    const at = await host((_, from, socket) => {
      stranger.send("yes", from.port, from.address, () => socket.send("no", from.port, from.address));
    });
    const told: string[] = [];
    const clock = new TestClock();
    const note = (bytes: Buffer): string | undefined => {
      told.push(bytes.toString());
      return undefined;
    };
    const asking = ask({ ...at, clock, datagram, read: note }, never);
    while (clock.pending < 4) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(0);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_500);
    expect(await asking).toBeUndefined();
    expect(told).toEqual(expect.arrayContaining(["no"]));
    expect(told).not.toContain("yes");
  });

  it("asks three times, then gives up", async () => {
    let heard = 0;
    const at = await host(() => (heard += 1));
    const clock = new TestClock();
    const asking = ask({ ...at, clock, datagram, read }, never);
    while (clock.pending < 4) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_499);
    while (heard < 3) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1);
    expect(await asking).toBeUndefined();
    expect(heard).toBe(3);
  });

  it("takes a closed port for no answer, and ends a flood of what is none", async () => {
    const closed = createSocket("udp4");
    await once(closed.bind(0, "127.0.0.1"), "listening");
    const { port } = closed.address();
    closed.close();
    expect(await ask({ address: "127.0.0.1", port, clock: systemClock, datagram, read }, never)).toBeUndefined();
    const at = await host((_, from, socket) => {
      for (let index = 0; index < 200; index += 1) socket.send("no", from.port, from.address);
    });
    let looked = 0;
    const look = (): string | undefined => {
      looked += 1;
      return undefined;
    };
    expect(await ask({ ...at, clock: { ...systemClock }, datagram, read: look }, never)).toBeUndefined();
    expect(looked).toBeLessThanOrEqual(32);
  });

  it("stops when it is told to", async () => {
    const at = await host(() => undefined);
    const controller = new AbortController();
    const asking = ask({ ...at, clock: new TestClock(), datagram, read }, controller);
    controller.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
  });
});

describe("NAT-PMP", () => {
  it("asks for nothing but the address: RFC 6886 3.2", () => {
    expect([...externalAddressRequest()]).toEqual([0, 0]);
  });

  const answer = (...bytes: number[]): Buffer => Buffer.from(bytes);
  it.each([
    ["an address", answer(0, 128, 0, 0, 0, 0, 0, 9, 203, 0, 113, 7), { kind: "on", address: "203.0.113.7" }],
    ["more than is known", answer(0, 128, 0, 0, 0, 0, 0, 9, 203, 0, 113, 7, 1, 2), { kind: "on", address: "203.0.113.7" }],
    ["no address", answer(0, 128, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0), { kind: "on", address: null }],
    ["that it has no network", answer(0, 128, 0, 3, 0, 0, 0, 9), { kind: "on", address: null }],
    ["half an answer", answer(0, 128, 0, 0, 0, 0), { kind: "on", address: null }],
    ["that it is switched off", answer(0, 128, 0, 2, 0, 0, 0, 9), { kind: "off" }],
    ["that it knows another version", answer(0, 128, 0, 1, 0, 0, 0, 9), undefined],
    ["that it does not know the question", answer(0, 128, 0, 5, 0, 0, 0, 9), undefined],
    ["PCP", answer(2, 128, 0, 1), undefined],
    ["the answer to another question", answer(0, 129, 0, 0), undefined],
    ["nothing", answer(), undefined],
  ])("reads %s", (_, bytes, expected) => {
    expect(readExternalAddress(bytes)).toEqual(expected);
  }); // prettier-ignore
});

describe("PCP", () => {
  it("asks for nothing but whether it is there: RFC 6887 7.1, 14.1", () => {
    const nothing = "00".repeat(16);
    expect(announceRequest("192.168.1.2").toString("hex")).toBe(`0200${nothing}ffffc0a80102`);
  });

  const header = (...bytes: number[]): Buffer => Buffer.concat([Buffer.from(bytes), Buffer.alloc(24 - bytes.length)]);
  it.each([
    ["that it is there", header(2, 128, 0, 0), "on"],
    ["that it is there, and wants another address", header(2, 128, 0, 12), "on"],
    ["that it does not know ANNOUNCE", header(2, 128, 0, 4), "on"],
    ["that it lets nobody", header(2, 128, 0, 2), "off"],
    ["that it knows another version", header(2, 128, 0, 1), undefined],
    ["NAT-PMP", header(0, 128, 0, 1), undefined],
    ["a question", header(2, 0, 0, 0), undefined],
    ["the answer to another question", header(2, 129, 0, 0), undefined],
    ["half a header", header(2, 128, 0, 0).subarray(0, 23), undefined],
  ])("reads %s", (_, bytes, expected) => {
    expect(readAnnounceAnswer(bytes)).toBe(expected);
  });
});
