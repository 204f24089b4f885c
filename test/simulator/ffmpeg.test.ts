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
  it.each([
    ["main", 1920, 1080, { audio: "opus", codec: "opus", rate: "48000" }],
    ["sub", 640, 360, { audio: "pcmu", codec: "pcm_mulaw", rate: "8000" }],
  ] as const)(
    "recognises the %s stream and its sound",
    async (tier, width, height, { audio, codec, rate }) => {
      await using camera = await Simulator.open({ audio });
      const entries = "stream=codec_name,profile,width,height,has_b_frames,avg_frame_rate,sample_rate";
      const options = ["-v", "error", "-rtsp_transport", "tcp", "-show_entries", entries, "-of", "json"];
      const { stdout } = await run("ffprobe", [...options, login(camera, tier)]);
      const { streams } = JSON.parse(stdout) as { streams: unknown[] };
      expect(streams).toEqual([
        { codec_name: "h264", profile: "Main", width, height, has_b_frames: 0, avg_frame_rate: "25/1" },
        { codec_name: codec, sample_rate: rate, avg_frame_rate: "0/0" },
      ]);
    },
    20_000,
  );

  it("decodes the very pictures of the clip, again and again", async () => {
    await using camera = await Simulator.open({ audio: "opus" });
    const clip = await checksums(["-i", fileURLToPath(new URL("clip/main.h264", import.meta.url))]);
    const live = await checksums(["-rtsp_transport", "tcp", "-i", login(camera, "main"), "-frames:v", "160"]);
    // It joined between two key pictures, so decoding begins at the next one.
    const start = clip.indexOf(live[0]!);
    expect(start % 50).toBe(0);
    expect(live).toEqual(Array.from({ length: 160 }, (_, index) => clip[(start + index) % clip.length]));
  }, 30_000);
});

/** A checksum of each decoded picture. */
const checksums = async (input: readonly string[]): Promise<string[]> => {
  const output = ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
  const { stdout } = await run("ffmpeg", ["-v", "error", "-xerror", ...input, ...output]);
  return stdout.split("\n").flatMap((line) => /^0,.*, *([0-9a-f]{32})$/.exec(line)?.[1] ?? []);
};
