import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openInner } from "@gatehouse/shared";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { eventually } from "../support/eventually.ts";
import type { LyingTunnel } from "../support/malicious-relay.ts";
import { closed, collect, MaliciousWorld } from "../support/malicious-world.ts";
import type { PairedDevice, TunnelHome } from "../support/tunnel-home.ts";

const cancel = { signal: new AbortController().signal };

let world: MaliciousWorld;
let home: TunnelHome;
let device: PairedDevice;
let tunnel: LyingTunnel;
beforeEach(async () => {
  world = await MaliciousWorld.open();
  ({ home, device, tunnel } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

describe("a relay that meddles with channels", () => {
  it("cannot splice two devices' channels from the start", async () => {
    const other = home.pair();
    await tunnel.admit();
    const [one, two] = [await world.through(device), await world.through(other)];
    one.away.pipe(two.near).pipe(one.away);
    const inner = openInner({ ...world.travel(device), channel: one.channel }, cancel);
    await Promise.allSettled([inner]);
    await eventually("it was refused", () => home.world.door.figures.refused.key === 1);
    expect(home.world.entered).toEqual([]);
  });

  it("cannot splice them later", async () => {
    const other = home.pair();
    await tunnel.admit();
    const [one, two] = [await world.through(device), await world.through(other)];
    for (const { away, near } of [one, two]) away.pipe(near).pipe(away);
    const [inner, others] = [await enter(one, device, "of one"), await enter(two, other, "of the other")];
    const [first, second] = [await world.enteredBy(device), await world.enteredBy(other)];
    const [ofOne, ofOther] = [collect(first), collect(second)];
    one.away.unpipe();
    two.away.unpipe();
    one.away.pipe(two.near);
    two.away.pipe(one.near);
    inner.write("MARK-ONE");
    others.write("MARK-OTHER");
    await Promise.all([closed(first), closed(second)]);
    expect([ofOne(), ofOther()]).toEqual(["of one", "of the other"]);
  });

  const meddlings: readonly [string, (chunks: Buffer[]) => Buffer[]][] = [
    ["flips a bit", ([first, ...rest]) => [flipped(first!), ...rest]],
    ["reorders", (chunks) => chunks.reverse()],
    ["leaves a piece out", ([, ...rest]) => rest],
    ["says something twice", ([first, ...rest]) => [first!, first!, ...rest]],
    ["cuts the end off", (chunks) => [...chunks.slice(0, -1), chunks.at(-1)!.subarray(0, -1)]],
  ];
  it.each(meddlings)("ends what it %s of, towards home", async (_, meddle) => {
    const channel = await world.through(device);
    channel.away.pipe(channel.near).pipe(channel.away);
    const inner = await enter(channel, device, "before");
    const socket = await world.enteredBy(device);
    const came = collect(socket);
    await eventually("what came before is there", () => came() === "before");
    channel.away.unpipe();
    const records = await gather(channel.away, inner);
    for (const record of meddle(records)) channel.near.write(record);
    channel.near.end();
    await closed(socket);
    // What came before the meddling is the device's own.
    expect(["MARK-1MARK-2", "MARK-1", ""].map((good) => `before${good}`)).toContain(came());
    expect(came()).not.toContain("MARK-3");
  });

  it.each(meddlings)("ends what it %s of, towards the device", async (_, meddle) => {
    const channel = await world.through(device);
    channel.away.pipe(channel.near).pipe(channel.away);
    const inner = await enter(channel, device, "before");
    const socket = await world.enteredBy(device);
    const came = collect(inner);
    socket.write("before");
    await eventually("what came before is there", () => came() === "before");
    channel.near.unpipe();
    const records = await gather(channel.near, socket);
    for (const record of meddle(records)) channel.away.write(record);
    channel.away.end();
    await closed(inner);
    expect(["MARK-1MARK-2", "MARK-1", ""].map((good) => `before${good}`)).toContain(came());
  });
});

const flipped = (record: Buffer): Buffer => {
  const copy = Buffer.from(record);
  copy[copy.length - 3]! ^= 1;
  return copy;
};

/** Speaks inside a channel as the device, and says where it wants to. */
const enter = async ({ channel }: { channel: Duplex }, who: PairedDevice, first: string): Promise<TLSSocket> => {
  const inner = await openInner({ ...world.travel(who), channel }, cancel);
  inner.on("error", () => undefined);
  inner.write(`GH1 api\n${first}`);
  return inner;
};

/** Has somebody say three things, and takes the three records of TLS that come of it. */
const gather = async (stream: Duplex, speaker: Duplex): Promise<Buffer[]> => {
  let bytes = Buffer.alloc(0);
  stream.removeAllListeners("data");
  stream.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  stream.resume();
  for (const [index, mark] of ["MARK-1", "MARK-2", "MARK-3"].entries()) {
    speaker.write(mark);
    await eventually("it came", () => recordsOf(bytes).length === index + 1);
  }
  stream.removeAllListeners("data");
  return recordsOf(bytes);
};

/** RFC 8446 5.1: five bytes, the last two of which say how many follow. */
const recordsOf = (bytes: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
};
