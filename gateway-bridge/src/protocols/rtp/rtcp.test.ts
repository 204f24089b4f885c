import { describe, expect, it } from "@jest/globals";
import { RtcpPacketConverter, RtcpRrPacket, RtcpSourceDescriptionPacket, RtcpSrPacket } from "werift";

import {
  buildBye,
  buildReceiverReport,
  buildSenderReport,
  parseRtcp,
  type ReportBlock,
  type SenderReport,
} from "./rtcp.ts";

const block: ReportBlock = {
  ssrc: 0xaabb_ccdd,
  fractionLost: 12,
  cumulativeLost: -3,
  highestSequence: 0x0001_fffe,
  jitter: 90,
  lastSenderReport: 0x8123_4567,
  delaySinceLastSenderReport: 65_536,
};

const sender = {
  ssrc: 0xf000_0001,
  cname: "gatehouse",
  ntp: { seconds: 0xe900_0000, fraction: 0x8000_0000 },
  rtpTimestamp: 0xffff_0000,
  packetCount: 1_000,
  octetCount: 1_200_000,
  reports: [block],
};

const { cname: _cname, ...senderReport } = sender;
const expectedSenderReport: SenderReport = { kind: "sender-report", ...senderReport };

describe("parseRtcp", () => {
  it("reads back a sender report with its description", () => {
    expect(parseRtcp(buildSenderReport(sender))).toEqual([
      expectedSenderReport,
      { kind: "source-description", chunks: [{ ssrc: sender.ssrc, cname: "gatehouse" }] },
    ]);
  });

  it("reads back a receiver report and a goodbye", () => {
    const reports = [block, { ...block, ssrc: 7, cumulativeLost: 70_000 }];
    expect(parseRtcp(buildBye({ ssrc: 5, cname: "g", reports, reason: "camera turned" }))).toEqual([
      { kind: "receiver-report", ssrc: 5, reports },
      { kind: "source-description", chunks: [{ ssrc: 5, cname: "g" }] },
      { kind: "bye", ssrcs: [5], reason: "camera turned" },
    ]);
    expect(parseRtcp(buildBye({ ssrc: 5, cname: "g" })).at(-1)).toEqual({ kind: "bye", ssrcs: [5], reason: undefined });
  });

  it.each(["", "g", "ga", "gat", "gate", "ü".repeat(200)])("keeps whole words with the name %j", (cname) => {
    const bytes = buildReceiverReport({ ssrc: 5, cname });
    expect(bytes.length % 4).toBe(0);
    const description = parseRtcp(bytes).at(-1);
    const kept = Buffer.from(cname).subarray(0, 255).toString();
    expect(description).toEqual({ kind: "source-description", chunks: [{ ssrc: 5, cname: kept }] });
  });

  it("is understood by werift", () => {
    const [report, description] = RtcpPacketConverter.deSerialize(buildSenderReport(sender));
    expect(report).toBeInstanceOf(RtcpSrPacket);
    expect(description).toBeInstanceOf(RtcpSourceDescriptionPacket);
    if (!(report instanceof RtcpSrPacket)) return;
    expect(report.ssrc).toBe(sender.ssrc);
    expect(report.senderInfo.ntpTimestamp).toBe(0xe900_0000_8000_0000n);
    expect(report.senderInfo.packetCount).toBe(1_000);
    expect(report.reports[0]).toMatchObject({ ssrc: block.ssrc, jitter: 90, dlsr: 65_536, fractionLost: 12 });
  });

  it("understands werift", () => {
    const bytes = new RtcpRrPacket({ ssrc: 77 }).serialize();
    expect(parseRtcp(bytes)).toEqual([{ kind: "receiver-report", ssrc: 77, reports: [] }]);
  });

  it("skips what it does not know and goes on behind it", () => {
    const feedback = Buffer.from([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
    const report = buildReceiverReport({ ssrc: 5, cname: "g" });
    expect(parseRtcp(Buffer.concat([feedback, report]))).toHaveLength(2);
  });

  it("cuts padding off", () => {
    const bytes = Buffer.from([0xa0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 4]);
    expect(parseRtcp(bytes)).toEqual([{ kind: "receiver-report", ssrc: 5, reports: [] }]);
  });

  it.each([
    ["a report that announces more blocks than it has", Buffer.from([0x83, 201, 0, 1, 0, 0, 0, 5])],
    ["a sender report without sender", Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 5])],
    ["a receiver report without receiver", Buffer.from([0x80, 201, 0, 0])],
    ["a description item beyond the end", Buffer.from([0x81, 202, 0, 2, 0, 0, 0, 5, 1, 99, 65, 66])],
    ["a description without source", Buffer.from([0x81, 202, 0, 0])],
    ["a goodbye of more sources than it names", Buffer.from([0x82, 203, 0, 1, 0, 0, 0, 5])],
    ["a length beyond the end", Buffer.from([0x80, 201, 0, 9, 0, 0, 0, 5])],
    ["another version", Buffer.from([0x40, 201, 0, 1, 0, 0, 0, 5])],
    ["padding longer than the packet", Buffer.from([0xa0, 201, 0, 1, 0, 0, 0, 99])],
  ])("leaves out %s", (_, bytes) => {
    expect(parseRtcp(bytes)).toEqual([]);
  });

  it("ignores a reason beyond the end", () => {
    expect(parseRtcp(Buffer.from([0x81, 203, 0, 2, 0, 0, 0, 5, 9, 65, 66, 67]))).toEqual([
      { kind: "bye", ssrcs: [5], reason: undefined },
    ]);
  });
});

describe("building reports", () => {
  it("clamps what does not fit its field", () => {
    const wild = {
      ...block,
      fractionLost: 999,
      cumulativeLost: 2 ** 30,
      jitter: 2 ** 40,
      delaySinceLastSenderReport: -1,
    };
    expect(parseRtcp(buildReceiverReport({ ssrc: 1, cname: "g", reports: [wild] }))[0]).toMatchObject({
      reports: [{ fractionLost: 255, cumulativeLost: 0x7f_ff_ff, jitter: 2 ** 32 - 1, delaySinceLastSenderReport: 0 }],
    });
  });

  it("takes counts and timestamps modulo 2^32", () => {
    const late = { ...sender, rtpTimestamp: 2 ** 32 + 1, packetCount: 2 ** 32 + 2, octetCount: 2 ** 33 + 3 };
    expect(parseRtcp(buildSenderReport(late))[0]).toMatchObject({ rtpTimestamp: 1, packetCount: 2, octetCount: 3 });
  });
});
