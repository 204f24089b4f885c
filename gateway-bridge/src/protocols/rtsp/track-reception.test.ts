import { describe, expect, it } from "@jest/globals";

import { buildBye, buildSenderReport } from "../rtp/rtcp.ts";
import { writeRtpHeader } from "../rtp/rtp-packet.ts";
import { TrackReception } from "./track-reception.ts";

const packet = (ssrc: number, sequence: number): Buffer => {
  const bytes = Buffer.alloc(13);
  writeRtpHeader(bytes, 0, { payloadType: 96, marker: false, sequence, timestamp: 0, ssrc });
  return bytes;
};

/** The source of each packet that got through. */
const sources = (reception: TrackReception, ssrcs: readonly number[]): readonly (number | undefined)[] =>
  ssrcs.map((ssrc, index) => reception.receive(packet(ssrc, index), index)?.ssrc);

describe("TrackReception", () => {
  it("leaves out packets that are no RTP", () => {
    const reception = new TrackReception(90_000);
    expect(reception.receive(Buffer.from("short"), 0)).toBeUndefined();
    expect(reception.report(0)).toBeUndefined();
  });

  it("leaves out what is left over from another session, once the announced source was heard", () => {
    const reception = new TrackReception(90_000);
    reception.announce(1);
    expect(sources(reception, [2, 1, 2, 1, 2])).toEqual([2, 1, undefined, 1, undefined]);
  });

  it("takes the first source for the announced one where none was announced", () => {
    expect(sources(new TrackReception(90_000), [5, 6, 5])).toEqual([5, undefined, 5]);
  });

  it("does without an announcement that was wrong", () => {
    const reception = new TrackReception(90_000);
    reception.announce(1);
    expect(sources(reception, [2, 2, 2])).toEqual([2, 2, 2]);
  });

  it("believes that the source was replaced when nothing else comes any more", () => {
    const reception = new TrackReception(90_000);
    const got = sources(reception, [1, ...Array<number>(70).fill(2), 1]);
    expect(got.filter((ssrc) => ssrc === 2)).toHaveLength(7);
    expect(got.at(-1)).toBeUndefined();
  });

  it("hears the end of its own source only", () => {
    const reception = new TrackReception(90_000);
    const bye = (ssrc: number): Buffer => buildBye({ ssrc, cname: "camera" });
    expect(reception.receiveControl(bye(1), 0)).toBe(false);
    sources(reception, [1]);
    expect(reception.receiveControl(bye(2), 0)).toBe(false);
    expect(reception.receiveControl(Buffer.from("garbage"), 0)).toBe(false);
    expect(reception.receiveControl(bye(1), 0)).toBe(true);
  });

  it("reports on what it heard, with the time since the last sender report", () => {
    const reception = new TrackReception(90_000);
    sources(reception, [1, 1, 1]);
    const ntp = { seconds: 0x12345678, fraction: 0x9abcdef0 };
    const report = buildSenderReport({ ssrc: 1, cname: "c", ntp, rtpTimestamp: 0, packetCount: 3, octetCount: 3 });
    reception.receiveControl(report, 1_000);
    expect(reception.report(2_000)).toMatchObject({
      ssrc: 1,
      highestSequence: 2,
      cumulativeLost: 0,
      lastSenderReport: 0x56789abc,
      delaySinceLastSenderReport: 65_536,
    });
  });
});
