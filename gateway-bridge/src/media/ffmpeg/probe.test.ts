import { describe, expect, it } from "@jest/globals";

import { frameTimingOption, readAbility } from "./probe.ts";

const encoders = `Encoders:
 V..... = Video
 ------
 V....D libx264              libx264 H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10 (codec h264)
 V....D h264_vaapi           H.264/AVC (VAAPI) (codec h264)
 A....D aac                  AAC (Advanced Audio Coding)
 A....D libopus              libopus Opus (codec opus)
 A....D libmp3lame           libmp3lame MP3 (MPEG audio layer 3) (codec mp3)
`;

describe("readAbility", () => {
  it("knows the version, and the encoders that are used", () => {
    const ability = readAbility("ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026\nbuilt with gcc", encoders);
    expect(ability?.version).toBe("5.1.9-0+deb12u1");
    expect([...ability!.encoders].sort()).toEqual(["aac", "h264_vaapi", "libopus", "libx264"]);
  });

  it("knows another program for what it is", () => {
    expect(readAbility("", encoders)).toBeUndefined();
    expect(readAbility("true (GNU coreutils) 9.1", "")).toBeUndefined();
  });

  it("bounds what it takes for a version", () => {
    expect(readAbility(`ffmpeg version ${"9".repeat(1_000)}`, "")?.version).toHaveLength(60);
  });
});

describe("frameTimingOption", () => {
  it.each([
    ["4.3.8-0+deb11u1", "-vsync"],
    ["5.0.3", "-vsync"],
    ["5.1.9-0+deb12u1", "-fps_mode"],
    ["6.0", "-fps_mode"],
    ["n7.1", "-fps_mode"],
    ["10.0", "-fps_mode"],
    ["N-112233-gabcdef", "-fps_mode"],
  ])("of %s is %s", (version, option) => {
    expect(frameTimingOption(version)).toBe(option);
  });
});
