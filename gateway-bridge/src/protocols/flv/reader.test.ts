import { describe, expect, it, jest } from "@jest/globals";

import { FlvReader } from "./reader.ts";

const begin = Buffer.from("464c5601010000000900000000", "hex");
const tag = (type: number, content: Buffer, time = 0): Buffer => {
  const header = Buffer.alloc(11);
  header.writeUInt8(type);
  header.writeUIntBE(content.length, 1, 3);
  header.writeUIntBE(time & 0xffffff, 4, 3);
  header.writeUInt8(time >>> 24, 7);
  return Buffer.concat([header, content, Buffer.alloc(4)]);
};
const sps = Buffer.from("6742c01f", "hex");
const pps = Buffer.from("68cb83cb", "hex");
const record = Buffer.concat([Buffer.from("0142c01fffe10004", "hex"), sps, Buffer.from("010004", "hex"), pps]);
const parameters = Buffer.concat([Buffer.from("1700000000", "hex"), record]);
const nal = (size: number): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(size);
  return Buffer.concat([length, Buffer.alloc(size, 0x65)]);
};
const picture = (head: string, ...nals: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(head, "hex"), ...nals]);
const malformed = expect.objectContaining({ code: "rtp-malformed" });

describe("FlvReader", () => {
  const stream = Buffer.concat([
    begin,
    tag(18, Buffer.from("script")),
    tag(9, parameters),
    tag(9, picture("1701000000", nal(5), nal(0), nal(300)), 40),
    tag(9, picture("27010000fa", nal(7)), 0x0100_0050),
    tag(9, Buffer.from("1702000000", "hex")),
  ]);

  it.each([1, 7, 100, 10_000])("reads parameter sets and pictures, in pieces of %d bytes", (size) => {
    const reader = new FlvReader();
    const read = [];
    for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)));
    expect(read).toEqual([
      { kind: "parameters", sps, pps },
      { kind: "picture", time: 40, key: true, nals: [Buffer.alloc(5, 0x65), Buffer.alloc(300, 0x65)] },
      { kind: "picture", time: 0x0100_0050 + 250, key: false, nals: [Buffer.alloc(7, 0x65)] },
    ]);
  });

  it.each([
    ["another file", Buffer.from("OggS")],
    ["another codec", Buffer.concat([begin, tag(9, Buffer.from("1201000000", "hex"))])],
    ["a tag that is too long", Buffer.concat([begin, Buffer.from("09ffffff00000000000000", "hex")])],
    ["a NAL unit that is cut off", Buffer.concat([begin, tag(9, picture("1701000000", nal(9).subarray(0, 9)))])],
    ["half a length", Buffer.concat([begin, tag(9, picture("1701000000", Buffer.alloc(3)))])],
    ["parameters of another version", Buffer.concat([begin, tag(9, picture("1700000000", Buffer.alloc(9)))])],
    ["no PPS", Buffer.concat([begin, tag(9, parameters.subarray(0, 17))])],
    ["half an SPS", Buffer.concat([begin, tag(9, parameters.subarray(0, 15))])],
  ])("refuses %s", (_, bytes) => {
    expect(() => new FlvReader().push(bytes)).toThrow(malformed);
  });

  it("copies a large picture a few times only, however small the pieces that it comes in", () => {
    const large = Buffer.concat([begin, tag(9, picture("1701000000", nal(4 * 1024 * 1024)))]);
    const copied = jest.spyOn(Uint8Array.prototype, "set");
    try {
      const reader = new FlvReader();
      const read = [];
      for (let at = 0; at < large.length; at += 1_024) read.push(...reader.push(large.subarray(at, at + 1_024)));
      expect(read).toMatchObject([{ kind: "picture", nals: [{ length: 4 * 1024 * 1024 }] }]);
      const bytes = copied.mock.calls.reduce((sum, [{ length }]) => sum + length, 0);
      expect(bytes).toBeGreaterThan(large.length / 2);
      expect(bytes).toBeLessThan(4 * large.length);
    } finally {
      copied.mockRestore();
    }
  });

  it("hands out views that stay as they are", () => {
    const reader = new FlvReader();
    const first = tag(9, picture("1701000000", nal(100)));
    reader.push(Buffer.concat([begin, first.subarray(0, 50)]));
    const [seen] = reader.push(first.subarray(50));
    reader.push(Buffer.alloc(8, 9));
    expect(seen).toMatchObject({ nals: [Buffer.alloc(100, 0x65)] });
  });

  it("takes a beginning without parameters for what it is", () => {
    expect(new FlvReader().push(Buffer.concat([begin, tag(9, Buffer.from("1700000000", "hex"))]))).toEqual([]);
  });
});
