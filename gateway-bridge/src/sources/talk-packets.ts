import type { AudioTrack } from "../domain/track.ts";
import { packetizeAac } from "../protocols/aac/packetizer.ts";

/** What becomes one packet. */
export interface TalkPacket {
  /** Ticks after the timestamp of the whole piece. */
  readonly after: number;
  /** Payload header; may be empty. */
  readonly prefix: Buffer;
  readonly body: Buffer;
}

/** Longest payload, so that a datagram fits every Ethernet frame. */
export const maxTalkPayload = 1_200;

const none = Buffer.alloc(0);

/** Sound of one piece as RTP payloads: samples are parted where there are too many for a packet, frames are not (but AAC's). */
export const packetizeTalk = ({ codec, channels }: AudioTrack, data: Buffer): readonly TalkPacket[] => {
  switch (codec) {
    case "aac":
      return packetizeAac(data, maxTalkPayload).map(({ prefix, body }) => ({ after: 0, prefix, body }));
    case "opus":
      return data.length === 0 || data.length > maxTalkPayload ? [] : [{ after: 0, prefix: none, body: data }];
    case "pcmu":
    case "pcma":
      return splitSamples(data, channels);
    case "l16":
      return splitSamples(data, 2 * channels);
  }
};

/** @param sample bytes of one sample of every channel, which a packet never parts */
const splitSamples = (data: Buffer, sample: number): readonly TalkPacket[] => {
  const step = Math.floor(maxTalkPayload / sample) * sample;
  const whole = data.length - (data.length % sample);
  return Array.from({ length: Math.ceil(whole / step) }, (_, index) => {
    const at = index * step;
    return { after: at / sample, prefix: none, body: data.subarray(at, Math.min(whole, at + step)) };
  });
};
