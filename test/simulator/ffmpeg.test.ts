import { expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describeWith } from "../support/needs.ts";
import { Simulator } from "./simulator.ts";

const run = promisify(execFile);

const login = ({ username, password, rtspUrl, subRtspUrl }: Simulator, tier: "main" | "sub"): string => {
  const url = new URL(tier === "main" ? rtspUrl : subRtspUrl);
  url.username = username;
  url.password = password;
  return url.href;
};

describeWith(["ffmpeg"], "ffmpeg, as an independent client", () => {
  // ffprobe looks at each for seconds, and waits most of them.
  it.concurrent.each([
    ["main", 1920, 1080, "h264", { audio: "opus", name: "opus", rate: "48000" }],
    ["sub", 640, 360, "h264", { audio: "pcmu", name: "pcm_mulaw", rate: "8000" }],
    ["main", 1920, 1080, "h265", { audio: "aac", name: "aac", rate: "16000", profile: "LC" }],
    ["sub", 640, 360, "h265", { audio: "pcma", name: "pcm_alaw", rate: "8000" }],
  ] as const)(
    "recognises the %s stream of %ix%i in %s, and its sound",
    async (tier, width, height, codec, { audio, name, rate, ...more }) => {
      await using camera = await Simulator.open({ audio, codec });
      const entries = "stream=codec_name,profile,width,height,has_b_frames,avg_frame_rate,sample_rate";
      const options = ["-v", "error", "-rtsp_transport", "tcp", "-show_entries", entries, "-of", "json"];
      const { stdout } = await run("ffprobe", [...options, login(camera, tier)]);
      const { streams } = JSON.parse(stdout) as { streams: unknown[] };
      expect(streams).toEqual([
        {
          codec_name: codec === "h264" ? "h264" : "hevc",
          profile: "Main",
          ...{ width, height, has_b_frames: 0, avg_frame_rate: "25/1" },
        },
        { codec_name: name, sample_rate: rate, avg_frame_rate: "0/0", ...more },
      ]);
    },
    60_000,
  );

  it.each(["h264", "h265"] as const)(
    "decodes the very pictures of the %s clip, again and again",
    async (codec) => {
      await using camera = await Simulator.open({ audio: "opus", codec });
      const clip = await checksums(["-i", fileURLToPath(new URL(`clip/main.${codec}`, import.meta.url))]);
      const live = await checksums(["-rtsp_transport", "tcp", "-i", login(camera, "main"), "-frames:v", "210"]);
      // It joined between two key pictures, and what comes before the next one cannot be right: of H.264 it is left out, of H.265 it is grey.
      const joined = live.findIndex((sum) => clip.includes(sum));
      expect(joined).toBeLessThan(codec === "h264" ? 1 : 50);
      const start = clip.indexOf(live[joined]!);
      expect(start % 50).toBe(0);
      const whole = live.slice(joined);
      expect(whole).toEqual(whole.map((_, index) => clip[(start + index) % clip.length]));
    },
    60_000,
  );
});

/** A checksum of each decoded picture. */
const checksums = async (input: readonly string[]): Promise<string[]> => {
  const output = ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
  const { stdout } = await run("ffmpeg", ["-v", "error", "-xerror", ...input, ...output]);
  return stdout.split("\n").flatMap((line) => /^0,.*, *([0-9a-f]{32})$/.exec(line)?.[1] ?? []);
};
