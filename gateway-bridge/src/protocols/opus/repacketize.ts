import { GatehouseError } from "@gatehouse/shared";

import { maxOpusDuration, opusFrameDuration, parseOpus } from "./opus-packet.ts";

// RFC 6716 3.2.1
const writeLength = (size: number): readonly number[] =>
  size < 252 ? [size] : [252 + (size & 3), (size - 252 - (size & 3)) / 4];

/** Frames of one configuration as a packet: code 0 for one, code 3 for more. RFC 6716 3.2.2, 3.2.5 */
const pack = (toc: number, frames: readonly Buffer[]): Buffer => {
  const configuration = toc & 0xfc;
  if (frames.length === 1) return Buffer.concat([Buffer.from([configuration]), ...frames]);
  const sizes = frames.map((frame) => frame.length);
  const equal = sizes.every((size) => size === sizes[0]);
  const lengths = equal ? [] : sizes.slice(0, -1).flatMap(writeLength);
  return Buffer.concat([Buffer.from([configuration | 3, (equal ? 0 : 0x80) | frames.length, ...lengths]), ...frames]);
};

/** Whether frames of both packets can go into one: configuration and channels must be the same. RFC 6716 3.2 */
export const canRepacketize = (a: Buffer, b: Buffer): boolean =>
  a.length > 0 && b.length > 0 && ((a.readUInt8(0) ^ b.readUInt8(0)) & 0xfc) === 0;

/**
 * One packet with the frames of all of these, in order, without decoding them: three packets of 20 ms become one of 60 ms.
 * @throws GatehouseError `rtp-malformed` when one is malformed, they differ in configuration, or together last longer than 120 ms
 */
export const repacketizeOpus = (packets: readonly Buffer[]): Buffer => {
  const parsed = packets.map(parseOpus);
  const [first] = parsed;
  if (first === undefined) throw new RangeError("There is no packet to put into one.");
  const { toc } = first;
  if (parsed.some((packet) => ((packet.toc ^ toc) & 0xfc) !== 0)) {
    throw new GatehouseError("rtp-malformed", "Opus packets of different configurations cannot be put into one.");
  }
  const frames = parsed.flatMap((packet) => packet.frames);
  if (frames.length * opusFrameDuration(toc) > maxOpusDuration) {
    throw new GatehouseError("rtp-malformed", "An Opus packet cannot last longer than 120 ms.");
  }
  return pack(toc, frames);
};
