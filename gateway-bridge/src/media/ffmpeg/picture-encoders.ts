import type { Clock } from "@gatehouse/shared";

import { FlvReader } from "../../protocols/flv/reader.ts";
import { runFfmpeg } from "./ffmpeg-run.ts";
import type { FfmpegAbility, UsedEncoder } from "./probe.ts";
import { frameTimingOption } from "./probe.ts";

/** A way to make H.264, and what its process may touch for it. */
export interface PictureEncoder {
  readonly encoder: UsedEncoder;
  readonly devices: readonly string[];
  /** Before the input. */
  readonly prepare: readonly string[];
  readonly encode: readonly string[];
}

const bitRate = ["-maxrate", "6M", "-bufsize", "3M"];

const software: PictureEncoder = {
  encoder: "libx264",
  devices: [],
  prepare: [],
  // The fastest preset, and not one picture of delay; a slice for each thread, which costs a little for each.
  encode: [
    "-threads",
    "2",
    "-pix_fmt",
    "yuv420p",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-tune",
    "zerolatency",
    "-crf",
    "23",
    ...bitRate,
  ],
};

const vaapi = (device: string): PictureEncoder => ({
  encoder: "h264_vaapi",
  devices: [device],
  prepare: ["-vaapi_device", device],
  encode: ["-vf", "format=nv12,hwupload", "-c:v", "h264_vaapi", "-bf", "0", "-b:v", "4M", ...bitRate],
});

const v4l2 = (devices: readonly string[]): PictureEncoder => ({
  encoder: "h264_v4l2m2m",
  devices,
  prepare: [],
  // Its parameter sets stand in the stream; FLV wants them apart.
  encode: ["-pix_fmt", "yuv420p", "-c:v", "h264_v4l2m2m", "-b:v", "4M", "-bsf:v", "extract_extradata"],
});

/** Ways to try on a box with these device nodes, best first. */
export const pictureEncoders = (devices: readonly string[]): readonly PictureEncoder[] => {
  const nodes = devices.filter((device) => device.startsWith("/dev/video"));
  const cards = devices.filter((device) => device.startsWith("/dev/dri/render"));
  return [...cards.map(vaapi), ...(nodes.length === 0 ? [] : [v4l2(nodes)]), software];
};

/** Whoever joins waits two seconds at most; timestamps in and out are the same ms. */
export const encodeArguments = (
  { prepare, encode }: PictureEncoder,
  { version }: Pick<FfmpegAbility, "version">,
  input: readonly string[],
): readonly string[] => [
  ...["-hide_banner", "-nostdin", "-v", "error", "-threads", "1", ...prepare],
  ...["-protocol_whitelist", "pipe", ...input, "-i", "pipe:0"],
  ...["-map", "0:v:0", frameTimingOption(version), "passthrough", "-enc_time_base", "-1", ...encode],
  ...["-sc_threshold", "0", "-g", "250", "-force_key_frames", "expr:gte(t,n_forced*2)"],
  ...["-f", "flv", "-flvflags", "no_duration_filesize", "-flush_packets", "1", "pipe:1"],
];

const side = 64 * 4;
const testMs = 10_000;

/** Whether it makes a picture that can be read, with parameter sets. */
export const testEncode = async ({
  encoder,
  ability,
  command,
  clock,
}: {
  readonly encoder: PictureEncoder;
  readonly ability: FfmpegAbility;
  readonly command: (args: readonly string[], devices: readonly string[]) => readonly string[];
  readonly clock: Clock;
}): Promise<boolean> => {
  const raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", `${side}x${side}`];
  const line = command(encodeArguments(encoder, ability, raw), encoder.devices);
  const input = Buffer.alloc((side * side * 3) / 2, 0x80);
  try {
    const options = { command: line, input, maxOutput: 1024 * 1024, ms: testMs, clock };
    const found = new FlvReader().push(await runFfmpeg(options, { signal: new AbortController().signal }));
    return (
      found.some(({ kind }) => kind === "parameters") && found.some((video) => video.kind === "picture" && video.key)
    );
  } catch {
    return false;
  }
};
