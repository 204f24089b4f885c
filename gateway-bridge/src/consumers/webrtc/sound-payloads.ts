import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioCodec } from "../../domain/track.ts";
import type { RtpPayload } from "../../protocols/h264/packetizer.ts";

export interface SoundPayload {
  readonly payload: RtpPayload;
  /** Ticks of the codec's clock. */
  readonly ticks: number;
}

const nothing = Buffer.alloc(0);
/** G.711 packets of more than this make players wait. */
const longestG711 = 480;

/** A piece of sound as RTP payloads: one for an Opus packet, pieces of at most 60 ms for G.711. RFC 7587 4.2, RFC 3551 4.5.14 */
export const soundPayloads = (unit: AudioUnit, codec: AudioCodec, maxPayload: number): readonly SoundPayload[] => {
  const { data, timestamp } = unit;
  const step = codec === "opus" ? maxPayload : longestG711;
  // An Opus packet cannot be cut, and none that a camera codes speech with is as long.
  if (data.length === 0 || (codec === "opus" && data.length > step)) return [];
  const pieces: SoundPayload[] = [];
  for (let at = 0; at < data.length; at += step) {
    const body = data.subarray(at, at + step);
    pieces.push({ payload: { prefix: nothing, body, last: false }, ticks: timestamp + at });
  }
  return pieces;
};
