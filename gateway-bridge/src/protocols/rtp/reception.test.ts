import { describe, expect, it } from "@jest/globals";

import { ReceptionStatistics } from "./reception.ts";
import type { SenderReport } from "./rtcp.ts";

const packet = (sequence: number, timestamp = 0, ssrc = 9) => ({
  payloadType: 96,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp,
  ssrc,
});

const receiveAll = (statistics: ReceptionStatistics, sequences: readonly number[]): void => {
  for (const sequence of sequences) statistics.receive(packet(sequence), 0);
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe("ReceptionStatistics", () => {
  it("has nothing to report before the first packet", () => {
    expect(new ReceptionStatistics(90_000).report(0)).toBeUndefined();
  });

  it("reports the loss since the last report and in all", () => {
    const statistics = new ReceptionStatistics(90_000);
    receiveAll(statistics, range(0, 100));
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 0, highestSequence: 99 });
    receiveAll(statistics, range(150, 200));
    expect(statistics.report(0)).toMatchObject({ fractionLost: 128, cumulativeLost: 50, highestSequence: 199 });
    receiveAll(statistics, range(200, 300));
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 50 });
  });

  it("counts the wraps of the sequence number", () => {
    const statistics = new ReceptionStatistics(90_000);
    receiveAll(statistics, range(65_500, 65_600));
    expect(statistics.report(0)).toMatchObject({ cumulativeLost: 0, highestSequence: 65_599 });
  });

  it("counts reordered packets as received and duplicates as negative loss", () => {
    const statistics = new ReceptionStatistics(90_000);
    receiveAll(statistics, [1, 3, 2, 4, 4, 4]);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -2, highestSequence: 4 });
  });

  it("leaves one stray packet out, and starts anew after two in a row", () => {
    const statistics = new ReceptionStatistics(90_000);
    receiveAll(statistics, [...range(0, 10), 30_000, 10]);
    expect(statistics.report(0)).toMatchObject({ cumulativeLost: 0, highestSequence: 10 });
    receiveAll(statistics, [30_000, 30_001, 30_002]);
    expect(statistics.report(0)).toMatchObject({ cumulativeLost: 0, highestSequence: 30_002 });
  });

  it("has totals that outlive sources and their restarts", () => {
    const statistics = new ReceptionStatistics(90_000);
    expect(statistics.totals).toEqual({ packets: 0, lost: 0, jitterMs: 0 });
    receiveAll(statistics, [...range(0, 10), ...range(12, 20)]);
    expect(statistics.totals).toMatchObject({ packets: 18, lost: 2 });
    // Doubled packets hide no loss that comes after another restart.
    receiveAll(statistics, [30_000, 30_001, 30_001, 30_001]);
    expect(statistics.totals).toMatchObject({ packets: 21, lost: 2 });
    statistics.receive(packet(5, 0, 77), 0);
    statistics.receive(packet(7, 0, 77), 0);
    expect(statistics.totals).toMatchObject({ packets: 23, lost: 3 });
  });

  it("tells the jitter in milliseconds", () => {
    const statistics = new ReceptionStatistics(90_000);
    for (let index = 0; index < 400; index += 1)
      statistics.receive(packet(index, index * 900), index * 10 + (index % 2) * 4);
    expect(statistics.totals.jitterMs).toBeCloseTo(4, 1);
  });

  it("starts anew with another source", () => {
    const statistics = new ReceptionStatistics(90_000);
    receiveAll(statistics, [1, 9]);
    statistics.receive(packet(500, 0, 10), 0);
    expect(statistics.report(0)).toMatchObject({ ssrc: 10, cumulativeLost: 0, highestSequence: 500 });
  });

  it("measures jitter as RFC 3550 A.8 smooths it, across a wrap of the timestamp", () => {
    const statistics = new ReceptionStatistics(90_000);
    const start = 2 ** 32 - 3_000;
    for (let frame = 0; frame < 200; frame += 1) {
      // Every second frame arrives 4 ms late: transit differs by 360 ticks each time.
      const arrival = (frame * 3_000) / 90 + (frame % 2) * 4;
      statistics.receive(packet(frame, (start + frame * 3_000) % 2 ** 32), arrival);
    }
    const jitter = statistics.report(0)?.jitter ?? 0;
    expect(jitter).toBeGreaterThan(350);
    expect(jitter).toBeLessThanOrEqual(360);
  });

  it("tells when the last sender report came", () => {
    const statistics = new ReceptionStatistics(90_000);
    statistics.receive(packet(1), 0);
    const report: SenderReport = {
      kind: "sender-report",
      ssrc: 9,
      ntp: { seconds: 0x1111_2222, fraction: 0x3333_4444 },
      rtpTimestamp: 0,
      packetCount: 0,
      octetCount: 0,
      reports: [],
    };
    statistics.noteSenderReport({ ...report, ssrc: 8 }, 500);
    expect(statistics.report(1_000)).toMatchObject({ lastSenderReport: 0, delaySinceLastSenderReport: 0 });
    statistics.noteSenderReport(report, 1_000);
    expect(statistics.report(1_500)).toMatchObject({
      lastSenderReport: 0x2222_3333,
      delaySinceLastSenderReport: 32_768,
    });
  });
});
