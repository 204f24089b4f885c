import { describe, expect, it } from "@jest/globals";

import { fragment } from "./fragment.ts";
import { readBoxes } from "./testing/read-boxes.ts";

const hex = (...text: readonly string[]): Buffer => Buffer.from(text.join("").replace(/\s/g, ""), "hex");

describe("fragment", () => {
  it("is moof and mdat, bit for bit, with what the sample holds behind it uncopied", () => {
    const parts = [Buffer.from("00000003", "hex"), Buffer.from("65aabb", "hex")];
    const [head, ...rest] = fragment(7, [
      { track: "video", decodeTime: 2 ** 32 + 5, samples: [{ duration: 3_600, offset: -90, key: true, parts }] },
    ]);
    expect(head).toEqual(
      hex(
        "00000068 6d6f6f66",
        "00000010 6d666864 00000000 00000007",
        "00000050 74726166",
        "00000010 74666864 00020000 00000001",
        "00000014 74666474 01000000 00000001 00000005",
        "00000024 7472756e 01000f01 00000001 00000070 00000e10 00000007 02000000 ffffffa6",
        "0000000f 6d646174",
      ),
    );
    expect(rest).toHaveLength(2);
    rest.forEach((part, index) => expect(part).toBe(parts[index]));
  });

  it("gives each track a traf of its own, whose data begin where the one before ends", () => {
    const sample = (size: number, key = false) => ({ duration: 1, offset: 0, key, parts: [Buffer.alloc(size, size)] });
    const parts = fragment(1, [
      { track: "video", decodeTime: 0, samples: [sample(10, true), sample(4)] },
      { track: "audio", decodeTime: 9, samples: [sample(3, true)] },
    ]);
    const bytes = Buffer.concat(parts);
    const [moof, mdat] = readBoxes(bytes);
    const trafs = moof!.children.filter(({ type }) => type === "traf");
    expect(trafs.map(({ children }) => children.map(({ type }) => type))).toEqual([
      ["tfhd", "tfdt", "trun"],
      ["tfhd", "tfdt", "trun"],
    ]);
    const runs = trafs.map(({ children }) => children[2]!.content);
    expect(runs.map((run) => run.readUInt32BE(4))).toEqual([2, 1]);
    const offsets = runs.map((run) => run.readInt32BE(8));
    expect(offsets.map((offset) => bytes[offset])).toEqual([10, 3]);
    expect(offsets[1]! - offsets[0]!).toBe(14);
    expect(mdat!.content).toHaveLength(17);
    // A picture that depends on others is no sync sample.
    expect(runs[0]!.readUInt32BE(12 + 16 + 8)).toBe(0x01010000);
  });
});
