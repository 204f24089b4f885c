import { expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
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

  it("decodes across the loop's seam without a complaint", async () => {
    await using camera = await Simulator.open({ audio: "opus" });
    const input = ["-v", "warning", "-rtsp_transport", "tcp", "-i", login(camera, "main")];
    const output = ["-frames:v", "160", "-fps_mode", "passthrough", "-f", "framecrc", "-"];
    const { stdout, stderr } = await run("ffmpeg", ["-xerror", ...input, ...output]);
    expect(stdout.split("\n").filter((line) => /^0,/.test(line))).toHaveLength(160);
    expect(stderr).toBe("");
  }, 30_000);
});
