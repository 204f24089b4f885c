import type { AudioTrack } from "../domain/track.ts";
import { PlainUnpacker } from "../protocols/rtp/plain-unpacker.ts";
import type { Unpacker } from "../protocols/rtp/unpacker.ts";
import { readAacFormat } from "../protocols/sdp/aac-format.ts";
import type { MediaFormat } from "../protocols/sdp/session-description.ts";

/** How sound of one encoding is taken from a camera. */
export interface SoundFormat {
  readonly track: AudioTrack;
  createUnpacker(): Unpacker;
}

/** Fixed, whatever the SDP says. RFC 7587 7 */
const opus: AudioTrack = { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 };

const maxChannels = 8;

const readSamples = (codec: "pcmu" | "pcma" | "l16", { clockRate, channels }: MediaFormat): SoundFormat | undefined => {
  if (clockRate === 0 || channels > maxChannels) return undefined;
  const blockSize = (codec === "l16" ? 2 : 1) * channels;
  return {
    track: { kind: "audio", codec, clockRate, channels },
    createUnpacker: () => new PlainUnpacker(blockSize),
  };
};

const readAac = (format: MediaFormat): SoundFormat | undefined => {
  const aac = readAacFormat(format);
  if (aac === undefined) return undefined;
  const { clockRate, config, parameters } = aac;
  return {
    track: { kind: "audio", codec: "aac", clockRate, channels: parameters.channels, config },
    createUnpacker: () => aac.createUnpacker(),
  };
};

/** Undefined for sound that is not understood. */
export const readSoundFormat = (format: MediaFormat): SoundFormat | undefined => {
  switch (format.encoding) {
    case "OPUS":
      return { track: opus, createUnpacker: () => new PlainUnpacker() };
    case "PCMU":
      return readSamples("pcmu", format);
    case "PCMA":
      return readSamples("pcma", format);
    case "L16":
      return readSamples("l16", format);
    default:
      return readAac(format);
  }
};
