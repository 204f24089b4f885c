import type { RtpPayload } from "../nal/rtp-payload.ts";
import { rtpHeaderSize, writeRtpHeader, type RtpHeader } from "../rtp/rtp-packet.ts";

/** `$`, channel, length. RFC 2326 10.12 */
export const interleavedHeaderSize = 4;

/** What the packets of one picture, or one piece of sound, have in common. */
export interface PacketRun extends Pick<RtpHeader, "payloadType" | "timestamp" | "ssrc"> {
  readonly channel: number;
  /** Of the first packet; the others count on. */
  readonly sequence: number;
}

const dollar = 0x24;

const head = interleavedHeaderSize + rtpHeaderSize;

/** How long `interleavePackets` will be, in bytes. */
export const interleavedSize = (payloads: readonly RtpPayload[]): number => {
  let size = 0;
  for (const { prefix, body } of payloads) size += head + prefix.length + body.length;
  return size;
};

/**
 * RTP packets with their interleaved headers, one behind the other in one piece of memory. Copying a picture and writing it once was measured
 * to cost less than gathering its parts (writev). No payload may be longer than 65,523 bytes, which an interleaved frame can tell.
 * @param bytes what they are written to, of `interleavedSize`
 */
export const interleavePackets = (
  payloads: readonly RtpPayload[],
  run: PacketRun,
  bytes: Buffer = Buffer.allocUnsafe(interleavedSize(payloads)),
): Buffer => {
  let at = 0;
  for (const [index, { prefix, body, last }] of payloads.entries()) {
    bytes[at] = dollar;
    bytes[at + 1] = run.channel;
    bytes.writeUInt16BE(rtpHeaderSize + prefix.length + body.length, at + 2);
    writeRtpHeader(bytes, at + interleavedHeaderSize, {
      payloadType: run.payloadType,
      marker: last,
      sequence: run.sequence + index,
      timestamp: run.timestamp,
      ssrc: run.ssrc,
    });
    bytes.set(prefix, at + head);
    bytes.set(body, at + head + prefix.length);
    at += head + prefix.length + body.length;
  }
  return bytes;
};

/** One frame around a packet that is whole already, as an RTCP report is. */
export const interleave = (channel: number, packet: Buffer): Buffer => {
  const header = Buffer.from([dollar, channel, packet.length >> 8, packet.length & 0xff]);
  return Buffer.concat([header, packet]);
};

/** The packets of such a piece of memory without their interleaved headers: views. */
export function* packetsOf(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + interleavedHeaderSize <= bytes.length) {
    const start = at + interleavedHeaderSize;
    at = start + bytes.readUInt16BE(at + 2);
    yield bytes.subarray(start, at);
  }
}
