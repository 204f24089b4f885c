import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { parseRtcp } from "../../protocols/rtp/rtcp.ts";
import { SenderReports } from "./sender-reports.ts";

const setUp = () => {
  const clock = new TestClock();
  const start = clock.monotonic();
  const compounds: Buffer[] = [];
  const sent = { packets: 0, octets: 0 };
  const reports = new SenderReports({
    ssrc: 7,
    cname: "gatehouse",
    clockRate: 8_000,
    base: 2 ** 32 - 8_000,
    everyMs: 1_000,
    positionAt: (monotonic) => monotonic - start,
    clock,
    sent: () => sent,
    send: (compound) => void compounds.push(compound),
  });
  const told = () => compounds.map((compound) => parseRtcp(compound).find((packet) => packet.kind === "sender-report"));
  return { clock, reports, sent, told };
};

describe("SenderReports", () => {
  it("says nothing before something was sent, and then at once and again and again", async () => {
    const { clock, reports, sent, told } = setUp();
    await clock.advance(5_000);
    expect(told()).toEqual([]);
    sent.packets = 1;
    reports.begin();
    reports.begin();
    expect(told()).toHaveLength(1);
    sent.packets = 9;
    await clock.advance(2_000);
    expect(told()).toMatchObject([{ packetCount: 1 }, { packetCount: 9 }, { packetCount: 9 }]);
  });

  it("names the timestamp that is live, modulo its size", async () => {
    const { clock, reports, told } = setUp();
    await clock.advance(500);
    reports.begin();
    await clock.advance(1_000);
    expect(told()).toMatchObject([
      { ssrc: 7, rtpTimestamp: 2 ** 32 - 4_000 },
      { ssrc: 7, rtpTimestamp: 4_000 },
    ]);
  });

  it("leaves no timer behind", () => {
    const { clock, reports } = setUp();
    reports.begin();
    reports[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});
