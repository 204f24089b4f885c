import { spawnSync } from "node:child_process";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { AudioTrack, VideoTrack } from "../../gateway-bridge/src/domain/track.ts";

/** Runs ffmpeg or ffprobe; its output. Throws with its own words where it fails or complains. */
export const run = (program: "ffmpeg" | "ffprobe", args: readonly string[], input?: Buffer): Buffer => {
  const { status, stdout, stderr } = spawnSync(program, ["-hide_banner", "-v", "warning", ...args], {
    input,
    maxBuffer: 256 * 1024 * 1024,
  });
  const complaints = stderr.toString();
  if (status !== 0 || complaints !== "") throw new Error(`${program} ${args.join(" ")}: ${complaints}`);
  return stdout;
};

interface ProbedPacket {
  readonly pts: number;
  readonly flags: string;
  readonly data: string;
}

/** The packets' bytes, out of ffprobe's hex dump. */
const bytesOf = (dump: string): Buffer =>
  Buffer.from(
    dump
      .split("\n")
      .map((line) => line.slice(10, 50).replace(/ /g, ""))
      .join(""),
    "hex",
  );

/** Every packet of a file, in its order. */
const probe = (file: Buffer): readonly ProbedPacket[] => {
  const args = ["-of", "json", "-show_packets", "-show_data", "-i", "pipe:0"];
  return (JSON.parse(run("ffprobe", args, file).toString()) as { packets: ProbedPacket[] }).packets;
};

export interface CodedOptions {
  readonly codec: "h264" | "h265";
  readonly bFrames: number;
  readonly seconds?: number;
}

export interface CodedPictures {
  readonly units: readonly VideoUnit[];
  /** As ffmpeg decodes them. */
  readonly decoded: readonly string[];
}

const size = "320x240";

/** Pictures of a test card as a camera would send them, in the order of decoding, 25 a second, a key picture each second. */
export const codePictures = ({ codec, bFrames, seconds = 3 }: CodedOptions): CodedPictures => {
  const common = `keyint=25:min-keyint=25:scenecut=0:bframes=${bFrames}:repeat-headers=1`;
  const encoder =
    codec === "h264"
      ? ["-c:v", "libx264", "-x264-params", `${common}:b-pyramid=${bFrames > 1 ? "normal" : "none"}`]
      : ["-c:v", "libx265", "-x265-params", `${common}:open-gop=0:log-level=none`];
  const args = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25`, "-t", String(seconds)];
  const muxed = ["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-video_track_timescale", "90000", "-f", "mp4"];
  const flags = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"];
  const file = run("ffmpeg", [...args, ...encoder, ...muxed, ...flags]);
  const units = probe(file).map(({ pts, flags: marks, data }, index): VideoUnit => {
    const nals = splitLengths(bytesOf(data));
    const bytes = nals.reduce((sum, { length }) => sum + length, 0);
    return { kind: "video", timestamp: pts, key: marks.startsWith("K"), nals, bytes, arrivedAt: index * 40 };
  });
  return { units, decoded: decodePictures(file) };
};

const splitLengths = (sample: Buffer): readonly Buffer[] => {
  const nals: Buffer[] = [];
  for (let at = 0; at < sample.length;) {
    const length = sample.readUInt32BE(at);
    nals.push(sample.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return nals;
};

export const videoTrackOf = (codec: "h264" | "h265"): VideoTrack => ({
  kind: "video",
  codec,
  clockRate: 90_000,
  parameterSets: undefined,
});

/** A tone, coded. */
export const codeSound = (codec: "aac" | "opus", seconds = 3): { track: AudioTrack; units: readonly AudioUnit[] } => {
  const aac = codec === "aac";
  const rate = aac ? 16_000 : 48_000;
  const args = ["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=${rate}`, "-t", String(seconds), "-ac", "1"];
  const encoder = aac ? ["-c:a", "aac", "-f", "adts"] : ["-c:a", "libopus", "-b:a", "48k", "-f", "ogg"];
  const packets = probe(run("ffmpeg", [...args, ...encoder, "pipe:1"]));
  const duration = aac ? 1_024 : 960;
  const units = packets.map(({ data }, index): AudioUnit => {
    const whole = bytesOf(data);
    const unit = aac ? whole.subarray(7) : whole;
    const timestamp = index * duration;
    return { kind: "audio", timestamp, data: unit, bytes: unit.length, arrivedAt: (timestamp * 1_000) / rate };
  });
  const config = aac ? { config: Buffer.from("1408", "hex") } : {};
  return { track: { kind: "audio", codec, clockRate: rate, channels: 1, ...config }, units };
};

/** Pictures and sound in the order in which they would come. */
export const interleave = (...kinds: readonly (readonly AccessUnit[])[]): readonly AccessUnit[] =>
  kinds.flat().toSorted((a, b) => a.arrivedAt - b.arrivedAt);

/** MD5 of each decoded picture, in the order of their presentation. */
export const decodePictures = (file: Buffer): readonly string[] =>
  run("ffmpeg", ["-i", "pipe:0", "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "pipe:1"], file)
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1)?.trim() ?? "");

/** Samples of sound, decoded to 16 bits a sample. */
export const decodeSound = (file: Buffer): Buffer =>
  run("ffmpeg", ["-i", "pipe:0", "-map", "0:a", "-f", "s16le", "-ac", "1", "pipe:1"], file);

/** Presentation times of a track's packets in its own ticks, in the file's order. */
export const packetTimes = (file: Buffer, track: "v" | "a"): readonly number[] => {
  const args = ["-of", "json", "-select_streams", track, "-show_entries", "packet=pts", "-i", "pipe:0"];
  const { packets } = JSON.parse(run("ffprobe", args, file).toString()) as { packets: { pts: number }[] };
  return packets.map(({ pts }) => pts);
};
