import { describe, expect, it } from "@jest/globals";

import { isJpeg, readJpegSize } from "./jpeg-size.ts";

const segment = (marker: number, ...content: readonly number[]): Buffer =>
  Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content]);
const frame = (width: number, height: number, marker = 0xc0): Buffer =>
  segment(marker, 8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0);
const start = Buffer.from([0xff, 0xd8]);
const app0 = segment(0xe0, ...Buffer.from("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0);
const tables = segment(0xdb, 0, ...Buffer.alloc(64, 16));
const huffman = segment(0xc4, 0, ...Buffer.alloc(16));
const scan = segment(0xda, 1, 1, 0, 0, 63, 0);
const jpeg = (...parts: readonly Buffer[]): Buffer => Buffer.concat([start, ...parts, Buffer.from([0xff, 0xd9])]);
const whole = jpeg(app0, tables, frame(1920, 1080), huffman, scan, Buffer.from([1, 2, 0xff, 0, 3]));

describe("readJpegSize", () => {
  it.each<[string, Buffer, { width: number; height: number } | undefined]>([
    ["a baseline picture", whole, { width: 1920, height: 1080 }],
    ["a progressive one", jpeg(app0, frame(640, 360, 0xc2)), { width: 640, height: 360 }],
    ["one with tables before the frame", jpeg(huffman, frame(320, 180)), { width: 320, height: 180 }],
    ["one with fill bytes before a marker", jpeg(Buffer.from([0xff, 0xff]), frame(8, 4)), { width: 8, height: 4 }],
    ["one with markers that stand alone", jpeg(Buffer.from([0xff, 0x01, 0xff, 0xd0]), frame(8, 4)), { width: 8, height: 4 }],
    ["one that is cut off after its frame", whole.subarray(0, 110), { width: 1920, height: 1080 }],
    ["one that is cut off within its frame", whole.subarray(0, 95), undefined],
    ["one without a frame", jpeg(app0, tables), undefined],
    ["one whose scan comes first", jpeg(scan, frame(8, 4)), undefined],
    ["one of no size, to be told later", jpeg(frame(640, 0)), undefined],
    ["a frame that is too short for a size", jpeg(segment(0xc0, 8, 1)), undefined],
    ["a segment that claims to reach past the end", jpeg(Buffer.from([0xff, 0xe0, 0xff, 0xff])), undefined],
    ["a segment of no length", jpeg(Buffer.from([0xff, 0xe0, 0, 0]), frame(8, 4)), { width: 8, height: 4 }],
    ["rubbish between segments", jpeg(app0, Buffer.from([7]), frame(8, 4)), undefined],
    ["a stuffed byte in place of a marker", jpeg(Buffer.from([0xff, 0])), undefined],
    ["a start of image alone", start, undefined],
    ["a PNG", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), undefined],
    ["nothing", Buffer.alloc(0), undefined],
  ])("reads %s", (_, body, expected) => { expect(readJpegSize(body)).toEqual(expected); }); // prettier-ignore

  it("gives up on a picture that has no end of headers", () => {
    const endless = jpeg(...Array.from({ length: 600 }, () => segment(0xfe)), frame(8, 4));
    expect(isJpeg(endless)).toBe(true);
    expect(readJpegSize(endless)).toBeUndefined();
  });
});
