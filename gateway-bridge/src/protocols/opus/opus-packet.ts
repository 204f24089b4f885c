import { GatehouseError } from "@gatehouse/shared";

/** Ticks a second in which Opus durations are told, whatever the encoder's rate. RFC 7587 4.1 */
export const opusClockRate = 48_000;

/** Longest content of one packet: 120 ms. RFC 6716 3.2.5, R5 */
export const maxOpusDuration = 5_760;

/** Longest frame. RFC 6716 3.2.1 */
export const maxOpusFrame = 1_275;

/** An Opus packet, taken apart. */
export interface OpusPacket {
  /** The table-of-contents byte: configuration, stereo, and how frames are packed. */
  readonly toc: number;
  /** Views into the packet; empty ones are frames lost or silent on purpose. */
  readonly frames: readonly Buffer[];
  /** Of all frames, in ticks of 48 kHz. */
  readonly duration: number;
}

const malformed = (why: string): GatehouseError =>
  new GatehouseError("rtp-malformed", `The packet is not valid Opus: ${why}.`);

/** Ticks of 48 kHz of each frame in a packet with this table-of-contents byte. RFC 6716 3.1, table 2 */
export const opusFrameDuration = (toc: number): number => {
  const configuration = toc >> 3;
  if (configuration < 12) return [480, 960, 1_920, 2_880][configuration & 3] ?? 0;
  if (configuration < 16) return [480, 960][configuration & 1] ?? 0;
  return [120, 240, 480, 960][configuration & 3] ?? 0;
};

interface Length {
  readonly size: number;
  readonly next: number;
}

// RFC 6716 3.2.1: one byte up to 251, else two.
const readLength = (bytes: Buffer, at: number): Length => {
  const first = bytes[at];
  if (first === undefined) throw malformed("a frame's length is missing");
  if (first < 252) return { size: first, next: at + 1 };
  const second = bytes[at + 1];
  if (second === undefined) throw malformed("a frame's length is cut off");
  return { size: 4 * second + first, next: at + 2 };
};

const split = (bytes: Buffer, count: number): readonly Buffer[] => {
  if (count === 0 || bytes.length % count !== 0) throw malformed("its frames are not of equal length");
  const size = bytes.length / count;
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
};

// RFC 6716 3.2.4
const readTwoFrames = (bytes: Buffer): readonly Buffer[] => {
  const { size, next } = readLength(bytes, 1);
  if (next + size > bytes.length) throw malformed("its first frame is cut off");
  return [bytes.subarray(next, next + size), bytes.subarray(next + size)];
};

interface Padding {
  readonly start: number;
  readonly end: number;
}

// RFC 6716 3.2.5: a length byte of 255 stands for 254 and another one.
const readPadding = (bytes: Buffer): Padding => {
  let at = 2;
  let padding = 0;
  let byte: number | undefined;
  do {
    byte = bytes[at];
    if (byte === undefined) throw malformed("its padding's length is cut off");
    padding += Math.min(byte, 254);
    at += 1;
  } while (byte === 255);
  if (at + padding > bytes.length) throw malformed("its padding is longer than the packet");
  return { start: at, end: bytes.length - padding };
};

// RFC 6716 3.2.5
const readManyFrames = (bytes: Buffer): readonly Buffer[] => {
  const header = bytes[1];
  if (header === undefined) throw malformed("its frame count is missing");
  const count = header & 0x3f;
  const { start, end } = (header & 0x40) === 0 ? { start: 2, end: bytes.length } : readPadding(bytes);
  const content = bytes.subarray(0, end);
  if ((header & 0x80) === 0) return split(content.subarray(start), count);
  const sizes: number[] = [];
  let at = start;
  for (let frame = 0; frame < count - 1; frame += 1) {
    const { size, next } = readLength(content, at);
    sizes.push(size);
    at = next;
  }
  const frames = sizes.map((size) => {
    const frame = content.subarray(at, at + size);
    if (frame.length < size) throw malformed("a frame is cut off");
    at += size;
    return frame;
  });
  if (count === 0) throw malformed("it holds no frame");
  return [...frames, content.subarray(at)];
};

const readFrames = (bytes: Buffer, toc: number): readonly Buffer[] => {
  if ((toc & 3) === 0) return [bytes.subarray(1)];
  if ((toc & 3) === 1) return split(bytes.subarray(1), 2);
  return (toc & 3) === 2 ? readTwoFrames(bytes) : readManyFrames(bytes);
};

/** @throws GatehouseError `rtp-malformed` where RFC 6716 3.4 calls a packet malformed */
export const parseOpus = (bytes: Buffer): OpusPacket => {
  const toc = bytes[0];
  if (toc === undefined) throw malformed("it is empty");
  const frames = readFrames(bytes, toc);
  if (frames.some((frame) => frame.length > maxOpusFrame)) throw malformed("a frame is too long");
  const duration = frames.length * opusFrameDuration(toc);
  if (duration > maxOpusDuration) throw malformed("it lasts longer than 120 ms");
  return { toc, frames, duration };
};
