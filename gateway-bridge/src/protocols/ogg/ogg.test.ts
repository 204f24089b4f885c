import { describe, expect, it } from "@jest/globals";

import { OggOpusWriter } from "./opus-writer.ts";
import { writePage } from "./page.ts";
import { OggReader } from "./reader.ts";

const page = (packet: Buffer): Buffer => writePage({ flags: 0, granule: 0n, serial: 1, sequence: 0 }, packet);
/** A page with these lacing values and flags, whose body is of sevens. */
const laced = (flags: number, ...lacing: readonly number[]): Buffer => {
  const header = Buffer.alloc(27);
  header.write("OggS");
  header.writeUInt8(flags, 5);
  header.writeUInt8(lacing.length, 26);
  return Buffer.concat([
    header,
    Buffer.from(lacing),
    Buffer.alloc(
      lacing.reduce((sum, value) => sum + value, 0),
      7,
    ),
  ]);
};
const malformed = expect.objectContaining({ code: "rtp-malformed" });

describe("OggOpusWriter", () => {
  it("writes the two headers and a page for each packet, as other programs do", () => {
    const writer = new OggOpusWriter(2);
    const begin = writer.begin();
    expect(begin.subarray(0, 22).toString("hex")).toBe("4f676753000200000000000000000100000000000000");
    expect(begin.subarray(26, 38)).toEqual(Buffer.from("\u0001\u0013OpusHead\u0001\u0002", "latin1"));
    const sound = writer.write(Buffer.alloc(300, 9), 960);
    expect(sound.readBigInt64LE(6)).toBe(960n);
    expect(sound.readUInt32LE(18)).toBe(2);
    expect([...sound.subarray(26, 29)]).toEqual([2, 255, 45]);
    expect(writer.write(Buffer.alloc(1), 480).readBigInt64LE(6)).toBe(1_440n);
  });
});

describe("writePage", () => {
  it("refuses a packet that is too long for one page", () => {
    expect(page(Buffer.alloc(65_024))).toHaveLength(27 + 255 + 65_024);
    expect(() => page(Buffer.alloc(65_025))).toThrow(RangeError);
  });
});

describe("OggReader", () => {
  const packets = [0, 1, 254, 255, 256, 510, 3_000].map((size) => Buffer.alloc(size, size));
  const stream = Buffer.concat(packets.map(page));

  it.each([1, 2, 26, 27, 28, 300, 100_000])("gives back what was written, in pieces of %d bytes", (size) => {
    const reader = new OggReader();
    const read: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)));
    expect(read).toEqual(packets);
  });

  it("puts a packet together that goes over pages", () => {
    const read = new OggReader().push(Buffer.concat([laced(0, 10, 255, 255), laced(1, 255), laced(1, 5, 3)]));
    expect(read.map(({ length }) => length)).toEqual([10, 770, 3]);
  });

  it.each([
    ["no page", Buffer.alloc(27, 1)],
    ["a page of another version", Buffer.concat([Buffer.from("OggS\x01"), Buffer.alloc(22)])],
    ["a continuation of nothing", laced(1, 5)],
    ["a packet that is not continued", Buffer.concat([laced(0, 255), laced(0, 5)])],
    [
      "a packet without end",
      Buffer.concat([laced(0, ...Array<number>(255).fill(255)), laced(1, ...Array<number>(255).fill(255))]),
    ],
  ])("refuses %s", (_, bytes) => {
    expect(() => new OggReader().push(bytes)).toThrow(malformed);
  });
});
