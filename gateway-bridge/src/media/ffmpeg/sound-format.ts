import { GatehouseError } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { AdtsSplitter } from "../../protocols/aac/adts-splitter.ts";
import { writeAdts } from "../../protocols/aac/adts.ts";
import { buildAudioSpecificConfig, parseAudioSpecificConfig } from "../../protocols/aac/audio-specific-config.ts";
import { OggOpusWriter } from "../../protocols/ogg/opus-writer.ts";
import { OggReader } from "../../protocols/ogg/reader.ts";
import { parseOpus } from "../../protocols/opus/opus-packet.ts";

/** A piece of sound on its way into a transcoder. */
export interface SoundInput {
  readonly bytes: Buffer;
  /** In ms. */
  readonly duration: number;
}

/** How sound of a track is handed to ffmpeg. */
export interface SoundFeed {
  readonly args: readonly string[];
  /** Before the first piece. */
  readonly begin: Buffer;
  /** @throws GatehouseError or RangeError for a unit that cannot be handed over */
  readonly wrap: (unit: Pick<AudioUnit, "data">) => SoundInput;
}

/** A unit as it comes out. */
export interface SoundOutput {
  readonly data: Buffer;
  /** Ticks of the track's clock. */
  readonly duration: number;
}

/** How sound comes back from ffmpeg. */
export interface SoundTake {
  readonly track: AudioTrack;
  readonly args: readonly string[];
  /** Of its first sample the sound begins this many ticks later: encoders need a lead-in. */
  readonly leadIn: number;
  /** @throws GatehouseError where it is none of this format */
  readonly take: (piece: Buffer) => readonly SoundOutput[];
}

/** Samples a second, and channels. */
export type SoundShape = Pick<AudioTrack, "clockRate" | "channels">;

/** The codecs that sound is transcoded to. */
export type SoundTarget = "opus" | "aac" | "pcmu" | "pcma" | "l16";

const nothing = Buffer.alloc(0);

/** Samples of an access unit. */
const aacUnit = 1_024;

const aacFeed = (track: AudioTrack): SoundFeed => {
  const config = track.config === undefined ? undefined : parseAudioSpecificConfig(track.config);
  // ADTS tells no other object types and no other lengths.
  if (config === undefined || config.objectType > 4 || config.unitSamples !== aacUnit)
    throw new GatehouseError(
      "codec-unsupported",
      "The camera's AAC is of a kind that is not transcoded, or not described.",
    );
  const duration = (config.unitSamples * 1_000) / config.sampleRate;
  return {
    args: ["-f", "aac"],
    begin: nothing,
    wrap: ({ data }) => ({ bytes: Buffer.concat([writeAdts(config, data.length), data]), duration }),
  };
};

const opusFeed = ({ channels }: AudioTrack): SoundFeed => {
  const writer = new OggOpusWriter(Math.min(2, channels));
  const wrap: SoundFeed["wrap"] = ({ data }) => {
    const { duration } = parseOpus(data);
    return { bytes: writer.write(data, duration), duration: duration / 48 };
  };
  return { args: ["-f", "ogg"], begin: writer.begin(), wrap };
};

const rawFormats = { pcmu: "mulaw", pcma: "alaw", l16: "s16be" } as const;

const rawFeed = (codec: keyof typeof rawFormats, { clockRate, channels }: AudioTrack): SoundFeed => {
  const bytesPerMs = (clockRate * channels * (codec === "l16" ? 2 : 1)) / 1_000;
  return {
    args: ["-f", rawFormats[codec], "-ar", String(clockRate), "-ac", String(channels)],
    begin: nothing,
    wrap: ({ data }) => ({ bytes: data, duration: data.length / bytesPerMs }),
  };
};

/** @throws GatehouseError `codec-unsupported` */
export const feedOf = (track: AudioTrack): SoundFeed => {
  const { codec, clockRate, channels } = track;
  if (!Number.isInteger(clockRate) || clockRate < 4_000 || clockRate > 192_000 || channels < 1 || channels > 8)
    throw new GatehouseError(
      "codec-unsupported",
      `Sound of ${channels} channels at ${clockRate} Hz is not transcoded.`,
    );
  if (codec === "aac") return aacFeed(track);
  return codec === "opus" ? opusFeed(track) : rawFeed(codec, track);
};

const takeOpus = (channels: number): SoundTake => {
  const reader = new OggReader();
  let headers = 2;
  // Two frames of 2.5 ms, which `lowdelay` looks ahead. The identification header says the same as its pre-skip.
  const leadIn = 120;
  return {
    track: { kind: "audio", codec: "opus", clockRate: 48_000, channels },
    args: [
      ...["-ar", "48000", "-ac", String(channels), "-c:a", "libopus", "-b:a", channels === 1 ? "32k" : "64k"],
      ...["-application", "lowdelay", "-frame_duration", "20", "-f", "ogg", "-page_duration", "20000"],
    ],
    leadIn,
    take: (piece) => {
      const packets = reader.push(piece);
      const sound = packets.slice(headers);
      headers = Math.max(0, headers - packets.length);
      return sound.map((data) => ({ data, duration: parseOpus(data).duration }));
    },
  };
};

/** Rates that every player takes. */
const aacRates = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

const takeAac = (rate: number, channels: number): SoundTake => {
  const clockRate = aacRates.find((offered) => offered >= rate) ?? 48_000;
  const splitter = new AdtsSplitter();
  const config = buildAudioSpecificConfig({ objectType: 2, sampleRate: clockRate, channels, unitSamples: aacUnit });
  return {
    track: { kind: "audio", codec: "aac", clockRate, channels, config },
    args: [
      ...["-ar", String(clockRate), "-ac", String(channels), "-c:a", "aac", "-profile:a", "aac_low"],
      ...["-b:a", `${(clockRate > 24_000 ? 64 : 32) * channels}k`, "-f", "adts"],
    ],
    leadIn: aacUnit,
    take: (piece) => splitter.push(piece).map(({ data }) => ({ data, duration: aacUnit })),
  };
};

const rawEncoders = { pcmu: "pcm_mulaw", pcma: "pcm_alaw", l16: "pcm_s16be" } as const;

const takeRaw = (codec: keyof typeof rawFormats, { clockRate, channels }: SoundShape): SoundTake => {
  const duration = Math.round(clockRate / 50);
  const size = duration * channels * (codec === "l16" ? 2 : 1);
  let held: Buffer = nothing;
  return {
    track: { kind: "audio", codec, clockRate, channels },
    args: [
      ...["-ar", String(clockRate), "-ac", String(channels)],
      ...["-c:a", rawEncoders[codec], "-f", rawFormats[codec]],
    ],
    leadIn: 0,
    take: (piece) => {
      const bytes = Buffer.concat([held, piece]);
      const whole = bytes.length - (bytes.length % size);
      held = bytes.subarray(whole);
      return Array.from({ length: whole / size }, (_, index) => ({
        data: bytes.subarray(index * size, (index + 1) * size),
        duration,
      }));
    },
  };
};

/** What is made: 20 ms a unit (AAC: 1,024 samples), at most two channels; AAC at the next usual rate, Opus at 48,000. */
export const takeOf = (target: SoundTarget, shape: SoundShape): SoundTake => {
  const channels = Math.min(2, shape.channels);
  if (target === "opus") return takeOpus(channels);
  return target === "aac" ? takeAac(shape.clockRate, channels) : takeRaw(target, { ...shape, channels });
};
