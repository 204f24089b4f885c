import { describe, expect, it } from "@jest/globals";

import { buildReceiverReport } from "./rtcp.ts";
import { parseRtcpFeedback } from "./rtcp-feedback.ts";

const feedback = (type: number, format: number, content: Buffer): Buffer => {
  const head = Buffer.alloc(12);
  head.writeUInt8(0x80 | format, 0);
  head.writeUInt8(type, 1);
  head.writeUInt16BE(2 + content.length / 4, 2);
  head.writeUInt32BE(1, 4);
  head.writeUInt32BE(77, 8);
  return Buffer.concat([head, content]);
};
const nack = feedback(205, 1, Buffer.from("fffe0005 00100000".replaceAll(" ", ""), "hex"));
const pli = feedback(206, 1, Buffer.alloc(0));
const fir = feedback(206, 4, Buffer.from("0000004d05000000", "hex"));
/** 18 bits of mantissa, shifted by 6. */
const remb = feedback(206, 15, Buffer.from("52454d4201" + "18f424" + "0000004d", "hex"));

describe("Feedback of a receiver", () => {
  it.each([
    ["names lost packets, across the wrap", nack, { kind: "nack", ssrc: 77, lost: [65_534, 65_535, 1, 16] }],
    ["asks for a key picture", pli, { kind: "pli", ssrc: 77 }],
    ["asks for a key picture of several sources", fir, { kind: "fir", ssrcs: [77] }],
    ["tells what it believes possible", remb, { kind: "remb", bitrate: 0xf424 * 2 ** 6 }],
  ])("%s", (_, bytes, expected) => {
    expect(parseRtcpFeedback(bytes)).toEqual([expected]);
  });

  it("is found within a compound, among reports", () => {
    const report = buildReceiverReport({ ssrc: 1, cname: "name" });
    expect(parseRtcpFeedback(Buffer.concat([report, pli, nack])).map(({ kind }) => kind)).toEqual(["pli", "nack"]);
  });

  it.each([
    ["of transport-wide congestion control", feedback(205, 15, Buffer.alloc(8))],
    ["of an application", feedback(206, 15, Buffer.from("4142434401000000", "hex"))],
    ["that is cut off", nack.subarray(0, 14)],
    ["without its sources", Buffer.from("81ce000000000000", "hex")],
    ["of an unknown format", feedback(206, 9, Buffer.alloc(8))],
    ["of another version", Buffer.concat([Buffer.from([0x41]), pli.subarray(1)])],
  ])("%s is passed over", (_, bytes) => {
    expect(parseRtcpFeedback(bytes)).toEqual([]);
  });
});
