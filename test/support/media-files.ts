import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What ffmpeg makes of these arguments, as it writes it to its standard output. Outside of any sandbox. */
export const makeMedia = async (...args: readonly string[]): Promise<Buffer> => {
  const all = ["-hide_banner", "-nostdin", "-v", "error", ...args, "pipe:1"];
  const { stdout } = await run("/usr/bin/ffmpeg", all, { encoding: "buffer", maxBuffer: 256 * 1024 * 1024 });
  return stdout;
};

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
}

/** A test card in Annex B form. */
export const makePictures = ({
  codec,
  size = "640x360",
  fps = 25,
  seconds = 2,
  gop = 50,
}: PictureOptions): Promise<Buffer> =>
  makeMedia(
    ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`, "-t", String(seconds), "-pix_fmt", "yuv420p"],
    ...["-g", String(gop), "-keyint_min", String(gop), "-sc_threshold", "0", ...encoders[codec]],
  );
