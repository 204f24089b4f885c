import { describe, expect, it, jest } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { parseRtp } from "../../protocols/rtp/rtp-packet.ts";
import { fromNtp } from "../../protocols/rtp/testing/from-ntp.ts";
import { parseRtcp, type SenderReport } from "../../protocols/rtp/rtcp.ts";
import { SrtpDecryptor } from "../../protocols/srtp/srtp-decryptor.ts";
import { drawSrtpMaster } from "../../protocols/srtp/srtp-key.ts";
import { RtpOutlet, type OutletSocket, type RtpOutletOptions } from "./rtp-outlet.ts";

/** A socket whose system takes as much as it is told to. */
class FakeSocket implements OutletSocket {
  readonly ssrc = 0x1234_5678;
  readonly master = drawSrtpMaster();
  onDrained: (() => void) | undefined;
  readonly reports: SenderReport[] = [];
  /** How many datagrams the system takes before it makes them wait. */
  takes = Infinity;
  readonly #sent: Buffer[] = [];
  readonly #waiting: Buffer[] = [];
  readonly #decryptor = new SrtpDecryptor(this.master);

  get queued(): number {
    return this.#waiting.length;
  }

  send(datagrams: readonly Buffer[]): void {
    for (const datagram of datagrams) {
      this.takes -= 1;
      // What the system took it has copied; what waits is still the caller's memory.
      if (this.takes >= 0) this.#sent.push(Buffer.from(datagram));
      else this.#waiting.push(datagram);
    }
  }

  sendRtcp(compound: Buffer): void {
    for (const packet of parseRtcp(compound)) if (packet.kind === "sender-report") this.reports.push(packet);
  }

  drain(): void {
    this.takes = Infinity;
    this.#sent.push(...this.#waiting.splice(0).map((datagram) => Buffer.from(datagram)));
    this.onDrained?.();
  }

  /** What went out, decrypted; throws for a packet that is not authentic or came twice. */
  received() {
    return this.#sent.splice(0).map((datagram) => {
      const rtp = this.#decryptor.unprotect(datagram);
      if (rtp === undefined) throw new Error("not authentic");
      return parseRtp(rtp);
    });
  }
}

const open = (options: Partial<RtpOutletOptions> = {}) => {
  const socket = new FakeSocket();
  const clock = new TestClock();
  const started = clock.monotonic();
  const onRoom = jest.fn();
  const outlet = new RtpOutlet({
    socket,
    payloadType: 99,
    maxPayload: 1_200,
    slots: 8,
    clockRate: 90_000,
    cname: "cname",
    reportEveryMs: 500,
    positionAt: (monotonic) => monotonic - started,
    clock,
    onRoom,
    ...options,
  });
  return { socket, clock, outlet, onRoom };
};
const payloads = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    prefix: Buffer.alloc(2, index),
    body: Buffer.alloc(100, index),
    last: index === count - 1,
  }));

describe("RtpOutlet", () => {
  it("sends the payloads of one timestamp in order, the marker on the last", () => {
    const { socket, outlet } = open();
    expect(outlet.send(payloads(3), 900)).toBe(true);
    const packets = socket.received();
    const [first] = packets;
    packets.forEach((packet, index) => {
      expect(packet).toMatchObject({ ssrc: 0x1234_5678, payloadType: 99, timestamp: first?.timestamp });
      expect(packet.sequence).toBe((first?.sequence ?? 0) + index);
      expect(packet.marker).toBe(index === 2);
      expect(packet.payload).toEqual(Buffer.alloc(102, index));
    });
  });

  it("begins timestamps and sequence numbers at random", () => {
    const starts = Array.from({ length: 20 }, () => {
      const { socket, outlet } = open();
      outlet.send(payloads(1), 0);
      return socket.received()[0];
    });
    expect(new Set(starts.map((packet) => packet?.timestamp)).size).toBe(20);
    expect(new Set(starts.map((packet) => packet?.sequence)).size).toBeGreaterThan(15);
  });

  it("never lets a timestamp stand still or step back", () => {
    const { socket, outlet } = open();
    for (const ticks of [1_000, 990, 990, 3_600.4, 100, 2 ** 33]) outlet.send(payloads(1), ticks);
    const stamps = socket.received().map(({ timestamp }) => timestamp);
    const steps = stamps.slice(1).map((stamp, index) => (stamp - (stamps[index] ?? 0) + 2 ** 32) % 2 ** 32);
    expect(steps).toEqual([1, 1, 2_598, 1, (2 ** 33 - 3_601) % 2 ** 32]);
  });

  it("sends nothing, and no report, for a unit without content", () => {
    const { socket, outlet } = open();
    expect(outlet.send([], 0)).toBe(true);
    expect(socket.received()).toEqual([]);
    expect(socket.reports).toEqual([]);
  });

  it("reports with the first packets and then at the interval, with the moment that is live", async () => {
    const { socket, clock, outlet } = open();
    outlet.send(payloads(2), 0);
    const timestamp = socket.received()[0]?.timestamp ?? 0;
    await clock.advance(1_750);
    outlet.send(payloads(1), 90_000);
    await clock.advance(250);
    expect(socket.reports).toHaveLength(5);
    expect(socket.reports[0]).toMatchObject({ ssrc: 0x1234_5678, packetCount: 2, octetCount: 204 });
    expect(socket.reports[4]).toMatchObject({ packetCount: 3, octetCount: 306 });
    socket.reports.forEach(({ rtpTimestamp, ntp }, index) => {
      expect(rtpTimestamp).toBe((timestamp + index * 45_000) % 2 ** 32);
      expect(fromNtp(ntp)).toBeCloseTo(clock.now() - 2_000 + index * 500, 3);
    });
  });

  it("reports at most five times a second, whatever is asked", async () => {
    const { socket, clock, outlet } = open({ reportEveryMs: 0.001 });
    outlet.send(payloads(1), 0);
    await clock.advance(1_000);
    expect(socket.reports).toHaveLength(6);
  });

  it("stops reporting when it is disposed of", async () => {
    const { socket, clock, outlet } = open();
    outlet.send(payloads(1), 0);
    outlet[Symbol.dispose]();
    await clock.advance(5_000);
    expect(socket.reports).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("spreads a large picture and says when it is out", async () => {
    const { socket, clock, outlet, onRoom } = open({ slots: 256 });
    expect(outlet.send(payloads(164), 0)).toBe(false);
    expect(socket.received()).toHaveLength(64);
    await clock.advance(9);
    expect(onRoom).not.toHaveBeenCalled();
    await clock.advance(3);
    expect(onRoom).toHaveBeenCalledTimes(1);
    expect(socket.received()).toHaveLength(100);
    outlet[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });

  it("keeps what the system has no room for, and sends all of it, unharmed and in order", () => {
    const { socket, outlet, onRoom } = open();
    socket.takes = 5;
    expect(outlet.send(payloads(40), 0)).toBe(false);
    expect(outlet.send(payloads(3), 3_600)).toBe(false);
    expect(socket.queued).toBeLessThanOrEqual(8);
    expect(onRoom).not.toHaveBeenCalled();
    socket.drain();
    const packets = socket.received();
    expect(packets).toHaveLength(43);
    packets.forEach((packet, index) => expect(packet.payload[0]).toBe(index < 40 ? index : index - 40));
    expect(onRoom).toHaveBeenCalledTimes(1);
    expect(outlet.send(payloads(1), 7_200)).toBe(true);
  });
});
