import { isGatehouseError } from "@gatehouse/shared";

import { parseAudioSpecificConfig } from "../aac/audio-specific-config.ts";
import { opusClockRate, parseOpus } from "../opus/opus-packet.ts";
import type { Mp4AudioTrack } from "./mp4-track.ts";

const opusDuration = (data: Buffer): number | undefined => {
  try {
    return parseOpus(data).duration;
  } catch (error) {
    if (isGatehouseError(error)) return undefined;
    throw error;
  }
};

/** How long a piece of sound lasts, in ticks of its track; undefined for what is not valid. Never throws. */
export const soundDuration = ({ codec, timescale, config }: Mp4AudioTrack, data: Buffer): number | undefined => {
  if (data.length === 0) return undefined;
  if (codec === "opus") {
    const duration = opusDuration(data);
    return duration === undefined || duration === 0 ? undefined : Math.round((duration * timescale) / opusClockRate);
  }
  const read = config && parseAudioSpecificConfig(config);
  return read && Math.round((read.unitSamples * timescale) / read.sampleRate);
};

/** A frame of nothing, and how long it lasts in ticks of its track. */
export interface Silence {
  readonly data: Buffer;
  readonly duration: number;
}

/** CELT, full band, 20 ms: the table-of-contents byte tells one channel from two. RFC 6716 3.1 */
const opusSilence: Readonly<Record<number, Buffer>> = {
  1: Buffer.from("f8fffe", "hex"),
  2: Buffer.from("fcfffe", "hex"),
};

/** AAC-LC: one single_channel_element or channel_pair_element without spectral data, and the end. ISO/IEC 14496-3 table 4.4 */
const aacSilence: Readonly<Record<number, Buffer>> = {
  1: Buffer.from("00c800802380", "hex"),
  2: Buffer.from("210049900219002380", "hex"),
};
const aacLc = 2;

/** What fills a gap in a track's sound; undefined where no such frame is known. */
export const silenceOf = (track: Mp4AudioTrack): Silence | undefined => {
  const { codec, channels, config } = track;
  if (codec === "aac" && (config === undefined || parseAudioSpecificConfig(config)?.objectType !== aacLc))
    return undefined;
  const data = (codec === "opus" ? opusSilence : aacSilence)[channels];
  const duration = data && soundDuration(track, data);
  return data === undefined || duration === undefined ? undefined : { data, duration };
};
