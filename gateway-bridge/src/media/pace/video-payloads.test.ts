import { describe, expect, it } from "@jest/globals";

import { makePicture, parameterSets } from "../testing/units.ts";
import { videoPayloads } from "./video-payloads.ts";

const { sps, pps } = parameterSets;

describe("videoPayloads", () => {
  it("are made once for all viewers with the same limit", () => {
    const unit = makePicture({ key: true, size: 5_000 });
    expect(videoPayloads(unit, 1_200)).toBe(videoPayloads(unit, 1_200));
    expect(videoPayloads(unit, 500)).not.toBe(videoPayloads(unit, 1_200));
    expect(videoPayloads(unit, 500)).toBe(videoPayloads(unit, 500));
  });

  it("keep to the limit and share the picture's bytes", () => {
    const unit = makePicture({ size: 5_000 });
    const payloads = videoPayloads(unit, 1_200);
    for (const { prefix, body } of payloads) {
      expect(prefix.length + body.length).toBeLessThanOrEqual(1_200);
      expect(body.buffer).toBe(unit.nals[0]?.buffer);
    }
  });

  it("leave out delimiters, ends and filler, and keep stamps and parameter sets before the picture", () => {
    const sei = Buffer.from("0605ff", "hex");
    const [delimiter, filler, end] = ["0910", "0cff80", "0a"].map((hex) => Buffer.from(hex, "hex"));
    const unit = makePicture({ key: true, before: [delimiter!, sps, pps, sei, filler!, end!] });
    const payloads = videoPayloads(unit, 1_200);
    expect(payloads.map(({ body }) => body)).toEqual([sps, pps, sei, unit.nals.at(-1)]);
    expect(payloads.map(({ last }) => last)).toEqual([false, false, false, true]);
  });

  it("are none for a unit that holds nothing else", () => {
    const unit = { ...makePicture(), nals: [Buffer.from("0910", "hex")] };
    expect(videoPayloads(unit, 1_200)).toEqual([]);
  });

  it("are those of RFC 7798 for H.265, without delimiters", () => {
    const slice = Buffer.alloc(3_000, 0x11);
    slice.writeUInt16BE(0x2601, 0);
    const unit = { ...makePicture(), nals: [Buffer.from("460110", "hex"), slice] };
    const payloads = videoPayloads(unit, 1_200, "h265");
    // Type 49 is a fragment.
    expect(payloads.map(({ prefix }) => (prefix.readUInt8(0) >> 1) & 0x3f)).toEqual([49, 49, 49]);
    expect(payloads.map(({ last }) => last)).toEqual([false, false, true]);
  });
});
