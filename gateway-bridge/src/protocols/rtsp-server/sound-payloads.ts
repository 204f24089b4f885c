import type { RtpPayload } from "../nal/rtp-payload.ts";

/** A payload and how many ticks after its unit's timestamp it begins. */
export interface TimedPayload {
  readonly payload: RtpPayload;
  readonly offset: number;
}

const nothing = Buffer.alloc(0);
/** More than 120 ms can be: RFC 6716 3.2.5 allows 48 frames of 1,275 bytes, and their lengths. */
const maxOpus = 61_440;

/** One Opus packet, which is never cut. RFC 7587 4.2 */
export const opusPayloads = (packet: Buffer): readonly RtpPayload[] =>
  packet.length === 0 || packet.length > maxOpus ? [] : [{ prefix: nothing, body: packet, last: false }];

export interface SampleFormat {
  /** Of one sample of all channels. */
  readonly bytesPerTick: number;
  readonly maxPayload: number;
}

/** Samples, cut between two of them; each part begins later than the one before. RFC 3551 4.5 */
export const samplePayloads = (
  samples: Buffer,
  { bytesPerTick, maxPayload }: SampleFormat,
): readonly TimedPayload[] => {
  const step = Math.max(1, Math.floor(maxPayload / bytesPerTick)) * bytesPerTick;
  const payloads: TimedPayload[] = [];
  for (let at = 0; at < samples.length; at += step) {
    const payload = { prefix: nothing, body: samples.subarray(at, at + step), last: false };
    payloads.push({ payload, offset: at / bytesPerTick });
  }
  return payloads;
};
