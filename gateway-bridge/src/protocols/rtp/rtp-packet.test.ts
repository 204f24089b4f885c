import { describe, expect, it } from "@jest/globals";
import { RtpPacket as WeriftRtpPacket } from "werift";

import { isRtcp, parseRtp, writeRtpHeader, type RtpHeader } from "./rtp-packet.ts";

const header: RtpHeader = {
  payloadType: 96,
  marker: true,
  sequence: 0xfffe,
  timestamp: 0xfedc_ba98,
  ssrc: 0x8123_4567,
};

const packet = (fields: Partial<RtpHeader> = {}, payload = Buffer.from("picture")): Buffer => {
  const bytes = Buffer.alloc(12 + payload.length);
  writeRtpHeader(bytes, 0, { ...header, ...fields });
  payload.copy(bytes, 12);
  return bytes;
};

/** With two CSRCs, an extension of one word, and three bytes of padding. */
const adorned = Buffer.concat([
  Buffer.from([0xb2, 0x60, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5]),
  Buffer.from([0, 0, 0, 1, 0, 0, 0, 2]),
  Buffer.from([0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0]),
  Buffer.from("audio"),
  Buffer.from([0, 0, 3]),
]);

describe("parseRtp", () => {
  it("reads back what writeRtpHeader wrote, with the payload as a view", () => {
    const bytes = packet();
    const parsed = parseRtp(bytes);
    expect(parsed).toMatchObject({ ...header, payload: Buffer.from("picture") });
    expect(parsed.payload.buffer).toBe(bytes.buffer);
  });

  it("skips CSRC list and extension and cuts the padding off", () => {
    expect(parseRtp(adorned)).toMatchObject({
      payloadType: 96,
      marker: false,
      sequence: 7,
      timestamp: 9,
      ssrc: 5,
      payload: Buffer.from("audio"),
    });
  });

  it("agrees with werift", () => {
    for (const bytes of [packet(), packet({ marker: false, payloadType: 127 }), adorned]) {
      const theirs = WeriftRtpPacket.deSerialize(bytes);
      const ours = parseRtp(bytes);
      expect(ours.payload).toEqual(theirs.payload);
      expect([ours.payloadType, ours.marker, ours.sequence, ours.timestamp, ours.ssrc]).toEqual([
        theirs.header.payloadType,
        theirs.header.marker,
        theirs.header.sequenceNumber,
        theirs.header.timestamp,
        theirs.header.ssrc,
      ]);
    }
  });

  it.each([
    ["a short header", packet().subarray(0, 11)],
    ["another version", Buffer.concat([Buffer.from([0x40]), packet().subarray(1)])],
    ["a CSRC list beyond the end", Buffer.concat([Buffer.from([0x8f]), packet().subarray(1)])],
    ["an extension beyond the end", Buffer.concat([adorned.subarray(0, 22), Buffer.from([0xff, 0xff])])],
    ["an extension header beyond the end", adorned.subarray(0, 22)],
    ["padding of no length", Buffer.concat([adorned.subarray(0, -1), Buffer.from([0])])],
    ["padding longer than the payload", Buffer.concat([adorned.subarray(0, -1), Buffer.from([9])])],
    ["padding without a payload", Buffer.concat([Buffer.from([0xa0]), packet({}, Buffer.alloc(0)).subarray(1)])],
    ["nothing", Buffer.alloc(0)],
  ])("refuses %s", (_, bytes) => {
    expect(() => parseRtp(bytes)).toThrow(expect.objectContaining({ code: "rtp-malformed" }));
  });

  it("takes padding that fills the whole payload", () => {
    expect(parseRtp(Buffer.concat([adorned.subarray(0, 28), Buffer.from([0, 2])])).payload).toHaveLength(0);
  });
});

describe("writeRtpHeader", () => {
  it("takes sequence and timestamp modulo their size, even below zero", () => {
    expect(parseRtp(packet({ sequence: 65_536 + 5, timestamp: 2 ** 32 + 7 }))).toMatchObject({
      sequence: 5,
      timestamp: 7,
    });
    expect(parseRtp(packet({ timestamp: -1 })).timestamp).toBe(2 ** 32 - 1);
  });
});

describe("isRtcp", () => {
  it("tells control from media by the second byte", () => {
    expect(isRtcp(Buffer.from([0x80, 200]))).toBe(true);
    expect(isRtcp(Buffer.from([0x80, 223]))).toBe(true);
    expect(isRtcp(packet({ payloadType: 99 }))).toBe(false);
    expect(isRtcp(packet({ marker: false, payloadType: 96 }))).toBe(false);
    expect(isRtcp(Buffer.from([0x80]))).toBe(false);
  });
});
