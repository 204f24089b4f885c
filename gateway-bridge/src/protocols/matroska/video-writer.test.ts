import { describe, expect, it } from "@jest/globals";

import { beginMatroska, writePicture } from "./video-writer.ts";

/** The elements' ids and contents, at the top level alone. */
const read = (bytes: Buffer): readonly (readonly [string, Buffer])[] => {
  const elements: [string, Buffer][] = [];
  for (let at = 0; at < bytes.length;) {
    const idSize = Math.clz32(bytes.readUInt8(at)) - 23;
    const id = bytes.subarray(at, at + idSize).toString("hex");
    const unknown = bytes.readBigUInt64BE(at + idSize) === 0x01ff_ffff_ffff_ffffn;
    const size = unknown ? 0 : Number(bytes.readBigUInt64BE(at + idSize) & 0xff_ffff_ffff_ffffn);
    elements.push([id, bytes.subarray(at + idSize + 8, at + idSize + 8 + size)]);
    at += idSize + 8 + size;
  }
  return elements;
};

describe("beginMatroska", () => {
  it("announces one video track in a segment without end", () => {
    const [header, segment, info, tracks] = read(beginMatroska("h265"));
    expect([header?.[0], segment?.[0], info?.[0], tracks?.[0]]).toEqual([
      "1a45dfa3",
      "18538067",
      "1549a966",
      "1654ae6b",
    ]);
    expect(tracks?.[1].includes("V_MPEGH/ISO/HEVC")).toBe(true);
    expect(beginMatroska("h264").includes("V_MPEG4/ISO/AVC")).toBe(true);
  });
});

describe("writePicture", () => {
  it("puts a picture into a cluster with its time, in Annex B form", () => {
    const nals = [Buffer.from([0x40, 1]), Buffer.from([0x26, 1, 2])];
    const [[id, cluster]] = read(writePicture({ time: 5_000_000_000, key: true, nals })) as [readonly [string, Buffer]];
    expect(id).toBe("1f43b675");
    const [time, block] = read(cluster);
    expect(time?.[1].readBigUInt64BE()).toBe(5_000_000_000n);
    expect(block?.[1].toString("hex")).toBe("81000080" + "000000014001" + "00000001260102");
  });
});
