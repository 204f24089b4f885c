import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { AudioCodec, AudioTrack } from "../../gateway-bridge/src/domain/track.ts";
import { splitAdts } from "../../gateway-bridge/src/protocols/aac/adts.ts";
import { buildAudioSpecificConfig } from "../../gateway-bridge/src/protocols/aac/audio-specific-config.ts";
import { OggReader } from "../../gateway-bridge/src/protocols/ogg/reader.ts";

const run = promisify(execFile);

/** What ffmpeg makes of an input, as it writes it to its standard output. Outside of any sandbox. */
export const makeMediaFrom = async (input: Buffer, ...args: readonly string[]): Promise<Buffer> => {
  const all = ["-hide_banner", "-nostdin", "-v", "error", ...args, "pipe:1"];
  const running = run("/usr/bin/ffmpeg", all, { encoding: "buffer", maxBuffer: 256 * 1024 * 1024 });
  running.child.stdin?.on("error", () => undefined);
  running.child.stdin?.end(input);
  return (await running).stdout;
};

export const makeMedia = (...args: readonly string[]): Promise<Buffer> => makeMediaFrom(Buffer.alloc(0), ...args);

const encoders = {
  h264: ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-x264-params", "repeat-headers=1", "-f", "h264"],
  h265: [
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:bframes=0:repeat-headers=1",
    "-f",
    "hevc",
  ],
} as const;

export interface PictureOptions {
  readonly codec: keyof typeof encoders;
  readonly size?: string;
  readonly fps?: number;
  readonly seconds?: number;
  /** Pictures from one key picture to the next. */
  readonly gop?: number;
  /** Instead of a test card: black, and white from so many seconds on. */
  readonly whiteAt?: number | undefined;
}

const scene = (size: string, fps: number, whiteAt: number | undefined): readonly string[] =>
  whiteAt === undefined
    ? ["-i", `testsrc2=size=${size}:rate=${fps}`]
    : ["-i", `color=black:size=${size}:rate=${fps}`, "-vf", `drawbox=t=fill:color=white:enable='gte(t,${whiteAt})'`];

/** A test card in Annex B form. */
export const makePictures = ({
  codec,
  size = "640x360",
  fps = 25,
  seconds = 2,
  gop = 50,
  whiteAt,
}: PictureOptions): Promise<Buffer> =>
  makeMedia(
    ...["-f", "lavfi", ...scene(size, fps, whiteAt), "-t", String(seconds), "-pix_fmt", "yuv420p"],
    ...["-g", String(gop), "-keyint_min", String(gop), "-sc_threshold", "0", ...encoders[codec]],
  );

/** Nothing, then 440 Hz from `toneAt` seconds on. */
const tone = (rate: number, seconds: number, toneAt: number): readonly string[] => [
  ...["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=${rate}:duration=${seconds}`],
  ...["-af", `volume=0:enable='lt(t,${toneAt})',volume=8`, "-ac", "1"],
];

export interface SoundOptions {
  readonly seconds: number;
  /** In seconds. */
  readonly toneAt: number;
}

const soundFormats = {
  aac: [16_000, "-c:a", "aac", "-b:a", "48k", "-f", "adts"],
  opus: [48_000, "-c:a", "libopus", "-b:a", "48k", "-f", "ogg", "-page_duration", "20000"],
  pcmu: [8_000, "-f", "mulaw"],
  pcma: [8_000, "-f", "alaw"],
  l16: [8_000, "-f", "s16be"],
} as const;

/** The access units of a codec's sound as a camera sends it, with what they last in ticks, and their track. */
export const makeSound = async (
  codec: AudioCodec,
  { seconds, toneAt }: SoundOptions,
): Promise<{ readonly track: AudioTrack; readonly duration: number; readonly units: readonly Buffer[] }> => {
  const [clockRate, ...format] = soundFormats[codec];
  const bytes = await makeMedia(...tone(clockRate, seconds, toneAt), ...format);
  const track: AudioTrack = { kind: "audio", codec, clockRate, channels: 1 };
  if (codec === "aac") {
    const config = buildAudioSpecificConfig({ objectType: 2, sampleRate: clockRate, channels: 1, unitSamples: 1_024 });
    return { track: { ...track, config }, duration: 1_024, units: splitAdts(bytes) ?? [] };
  }
  if (codec === "opus") return { track, duration: 960, units: new OggReader().push(bytes).slice(2) };
  const size = codec === "l16" ? 320 : 160;
  const units = Array.from({ length: Math.floor(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
  return { track, duration: 160, units };
};

/** Samples of 16 kHz of sound that is given as a file. */
export const decodeSound = async (format: readonly string[], file: Buffer): Promise<Int16Array> => {
  const pcm = await makeMediaFrom(file, "-f", ...format, "-i", "pipe:0", "-f", "s16le", "-ar", "16000", "-ac", "1");
  return new Int16Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 2));
};
