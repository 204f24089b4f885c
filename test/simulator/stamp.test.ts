import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";

import { seeded } from "../support/fuzz.ts";
import { escapePayload, fillerNal, nalType, splitAnnexB, unescapePayload } from "./nal.ts";
import { planes, readJpegStamp, readStamp, stampJpeg, stampNal, stampNalLength, type Stamp } from "./stamp.ts";

const stamp: Stamp = { camera: "porch", plane: "main", frame: 1_795_000_000_123, sentAt: 1_795_000_000_456.25 };
const startCode = Buffer.from([0, 0, 1]);

describe("an SEI stamp", () => {
  it.each(planes)("comes back from plane %s as it was written", (plane) => {
    const slice = Buffer.from([0x41, 1, 2, 3]);
    expect(readStamp([slice, stampNal({ ...stamp, plane })])).toEqual({ ...stamp, plane });
  });

  it.each([
    ["one character", { ...stamp, camera: "a" }],
    ["thirty-two characters", { ...stamp, camera: "0123456789abcdef0123456789abcdef" }],
    ["zeros only", { ...stamp, frame: 0, sentAt: 0 }],
    ["bytes that look like start codes", { ...stamp, frame: 0x01_0000_0001, sentAt: 0x300_0002 / 1_000 }],
  ])("survives %s", (_, odd) => {
    const nal = stampNal(odd);
    expect(nal.includes(startCode)).toBe(false);
    expect(nal.includes(Buffer.from([0, 0, 0]))).toBe(false);
    expect(readStamp([nal])).toEqual(odd);
  });

  it("comes back from H.265 too, where its unit is another", () => {
    const nal = stampNal(stamp, "h265");
    expect([...nal.subarray(0, 2)]).toEqual([0x4e, 1]);
    expect(readStamp([Buffer.from([0x02, 1, 0xd0]), nal])).toEqual(stamp);
  });

  it("has the length that the fill counts with, escapes apart", () => {
    expect(unescapePayload(stampNal(stamp))).toHaveLength(stampNalLength);
  });

  it("is found behind other messages and other units", () => {
    const foreign = Buffer.from([6, 5, 16, ...Buffer.alloc(16, 7), 0x80]);
    const [, ...message] = stampNal(stamp);
    const shared = Buffer.from([6, 1, 2, 9, 9, ...message]);
    expect(readStamp([Buffer.from([0x67, 1]), foreign, shared])).toEqual(stamp);
  });

  it.each([
    ["nothing", []],
    ["an empty unit", [Buffer.alloc(0)]],
    ["foreign user data", [Buffer.from([6, 5, 16, ...Buffer.alloc(16, 7), 0x80])]],
    ["a length beyond the end", [Buffer.from([6, 5, 255, 255, 255])]],
    ["a cut stamp", [stampNal(stamp).subarray(0, 30)]],
  ])("is not seen in %s", (_, nals) => {
    expect(readStamp(nals)).toBeUndefined();
  });
});

describe("emulation prevention", () => {
  it("round-trips payloads full of zeros and never leaves a start code", () => {
    const random = seeded(7);
    for (let round = 0; round < 2_000; round += 1) {
      const payload = Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 5) % 4));
      payload[39] = 0x80;
      const escaped = escapePayload(payload);
      for (const forbidden of [0, 1, 2]) expect(escaped.includes(Buffer.from([0, 0, forbidden]))).toBe(false);
      expect(unescapePayload(escaped)).toEqual(payload);
    }
  });
});

describe("NAL units", () => {
  it("are cut at start codes of three and four bytes", () => {
    const stream = Buffer.from([0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65, 7]);
    expect(splitAnnexB(stream).map((nal) => [...nal])).toEqual([[0x67, 9], [0x68, 8], [0x65, 7]]); // prettier-ignore
  });

  it.each([2, 3, 1_000])("of filler have exactly %d bytes", (length) => {
    const nal = fillerNal(length);
    expect([nal.length, nalType(nal), nal.at(-1)]).toEqual([length, 12, 0x80]);
    expect(nal.subarray(1, -1).every((byte) => byte === 0xff)).toBe(true);
  });
});

describe("a JPEG stamp", () => {
  const still = new URL("clip/still-1.jpg", import.meta.url);

  it("comes back, and leaves the picture as it was", async () => {
    const jpeg = await readFile(still);
    const stamped = stampJpeg(jpeg, { ...stamp, plane: "snapshot" });
    expect(readJpegStamp(stamped)).toEqual({ ...stamp, plane: "snapshot" });
    expect(Buffer.concat([stamped.subarray(0, 2), stamped.subarray(-(jpeg.length - 2))])).toEqual(jpeg);
  });

  it("is not seen where there is none", async () => {
    expect(readJpegStamp(await readFile(still))).toBeUndefined();
    expect(readJpegStamp(Buffer.alloc(0))).toBeUndefined();
    expect(readJpegStamp(Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 0, 0, 0]))).toBeUndefined();
  });
});
