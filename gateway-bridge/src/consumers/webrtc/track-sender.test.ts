import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { parseRtcp } from "../../protocols/rtp/rtcp.ts";
import type { RtpPayload } from "../../protocols/h264/packetizer.ts";
import type { OutgoingPacket, PeerTrack } from "./peer-connection.ts";
import { TrackSender } from "./track-sender.ts";

const payloads = (count: number): RtpPayload[] =>
  Array.from({ length: count }, (_, index) => ({
    prefix: Buffer.from([1, 2]),
    body: Buffer.alloc(98, index),
    last: index === count - 1,
  }));

/** A track that takes so many packets. */
class Taker implements PeerTrack {
  readonly ssrc = 4_711;
  readonly packets: OutgoingPacket[] = [];
  readonly reports: Buffer[] = [];
  room = Infinity;

  send(packet: OutgoingPacket): boolean {
    if (this.room === 0) return false;
    this.room -= 1;
    this.packets.push(packet);
    return true;
  }

  sendRtcp(compound: Buffer): void {
    this.reports.push(compound);
  }
}

const setUp = (): { clock: TestClock; track: Taker; sender: TrackSender; rooms: () => number } => {
  const [clock, track] = [new TestClock(), new Taker()];
  let rooms = 0;
  const start = clock.monotonic();
  const positionAt = (monotonic: number): number => monotonic - start;
  const onRoom = (): void => void (rooms += 1);
  const sender = new TrackSender({ track, clockRate: 90_000, cname: "name", positionAt, clock, onRoom });
  return { clock, track, sender, rooms: () => rooms };
};

/** Distances between neighbours, modulo 2^bits. */
const steps = (values: readonly number[], bits: number): readonly number[] =>
  values.slice(1).map((value, index) => (value - (values[index] ?? 0) + 2 ** bits) % 2 ** bits);

describe("A track that is sent to a viewer", () => {
  it("has its packets numbered one by one, the pictures stamped, and the last of each marked", () => {
    const { track, sender } = setUp();
    for (let index = 0; index < 3; index += 1) expect(sender.send(payloads(2), index * 3_600)).toBe(true);
    expect(steps(track.packets.map(({ sequence }) => sequence), 16)).toEqual([1, 1, 1, 1, 1]); // prettier-ignore
    expect(steps(track.packets.map(({ timestamp }) => timestamp), 32)).toEqual([0, 3_600, 0, 3_600, 0]); // prettier-ignore
    expect(track.packets.map(({ marker }) => marker)).toEqual([false, true, false, true, false, true]);
    expect(sender.sent).toEqual({ packets: 6, octets: 600, resent: 0 });
  });

  it("never steps back in time", () => {
    const { track, sender } = setUp();
    for (const ticks of [9_000, 9_000, 100, 9_001.4, 9_100]) sender.send(payloads(1), ticks);
    expect(steps(track.packets.map(({ timestamp }) => timestamp), 32)).toEqual([1, 1, 1, 97]); // prettier-ignore
  });

  it("is paced: a large picture leaves bit by bit, and there is room when it is out", async () => {
    const { clock, track, sender, rooms } = setUp();
    expect(sender.send(payloads(200), 0)).toBe(false);
    expect(track.packets).toHaveLength(64);
    await clock.advance(10);
    expect(track.packets.length).toBeGreaterThan(64);
    expect([track.packets.length < 200, rooms()]).toEqual([true, 0]);
    await clock.advance(30);
    expect([track.packets.length, rooms()]).toEqual([200, 1]);
    expect(new Set(steps(track.packets.map(({ sequence }) => sequence), 16))).toEqual(new Set([1])); // prettier-ignore
  });

  it("keeps what the system has no room for, and offers it again", async () => {
    const { clock, track, sender, rooms } = setUp();
    track.room = 3;
    expect(sender.send(payloads(5), 0)).toBe(false);
    expect(track.packets).toHaveLength(3);
    await clock.advance(5);
    expect([track.packets.length, rooms()]).toEqual([3, 0]);
    track.room = Infinity;
    await clock.advance(5);
    expect([track.packets.length, rooms()]).toEqual([5, 1]);
    expect(sender.sent.packets).toBe(5);
  });

  it("sends again what did not come, the very same, and only what it has", () => {
    const { track, sender } = setUp();
    sender.send(payloads(4), 0);
    const [, second, third] = track.packets;
    sender.resend([second?.sequence ?? 0, third?.sequence ?? 0, ((second?.sequence ?? 0) + 100) & 0xffff]);
    expect(track.packets.slice(4)).toEqual([second, third]);
    expect(sender.sent).toEqual({ packets: 4, octets: 400, resent: 2 });
  });

  it("does not send more again than the pace allows", () => {
    const { track, sender } = setUp();
    sender.send(payloads(40), 0);
    sender.resend(track.packets.map(({ sequence }) => sequence));
    expect(track.packets).toHaveLength(64);
  });

  it("is reported on with the first packets and each second, on the moment that is live", async () => {
    const { clock, track, sender } = setUp();
    await clock.advance(500);
    sender.send(payloads(2), 0);
    await clock.advance(2_000);
    const reports = track.reports.flatMap(parseRtcp).filter((packet) => packet.kind === "sender-report");
    expect(reports.map(({ ssrc, packetCount, octetCount }) => [ssrc, packetCount, octetCount])).toEqual(
      Array(3).fill([4_711, 2, 200]),
    );
    expect(steps(reports.map(({ rtpTimestamp }) => rtpTimestamp), 32)).toEqual([90_000, 90_000]); // prettier-ignore
    // What was sent with 0 ticks lies half a second before the first report.
    const [first] = reports;
    expect(steps([track.packets[0]?.timestamp ?? 0, first?.rtpTimestamp ?? 0], 32)).toEqual([45_000]);
  });

  it("is silent once it was disposed", async () => {
    const { clock, track, sender } = setUp();
    sender.send(payloads(200), 0);
    sender[Symbol.dispose]();
    await clock.advance(5_000);
    expect([track.packets.length, track.reports.length, clock.pending]).toEqual([64, 1, 0]);
  });
});
