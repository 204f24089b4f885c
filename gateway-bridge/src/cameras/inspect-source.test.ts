import type { CameraId, Tier } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { StreamEndpoint } from "../domain/camera.ts";
import type { AudioTrack, Track, VideoTrack } from "../domain/track.ts";
import { inspectSource, withPicture } from "./inspect-source.ts";
import { RtspDriver } from "./rtsp-driver.ts";

const cancel = { signal: new AbortController().signal };
const memory = { floor: "none", raise: () => undefined } as const;
const endpoint: StreamEndpoint = {
  ...{ camera: "cam-aaaaaaaaaaaaaaaa" as CameraId, tier: "main", url: "rtsp://192.0.2.7/a" },
  ...{ credentials: undefined, pin: null, auth: memory },
};

/** Made by x264 and x265: 1080p of 25 a second without B-frames, and 640x360 of 15 with them. */
const avc = Buffer.from("674d4028d940780227e5c044000003000400000300c83c60c960", "hex");
const hevc = Buffer.from(
  "42010101600000030090000003000003003fa005020171f2e595992930bc05a020000003002000000301e1",
  "hex",
);
const pps = Buffer.from("68ee3c80", "hex");
const video = (codec: VideoTrack["codec"], sps?: Buffer): VideoTrack => ({
  ...{ kind: "video", codec, clockRate: 90_000 },
  parameterSets: sps && { sps, pps },
});
const sound = (codec: AudioTrack["codec"]): AudioTrack => ({ kind: "audio", codec, clockRate: 8_000, channels: 1 });

const camera = (tracks: readonly Track[]) => {
  let closed = 0;
  const openSource = async () => ({
    tracks,
    play: () => Promise.reject(new Error("nobody plays")),
    [Symbol.asyncDispose]: async () => void (closed += 1),
  });
  return { openSource, closed: () => closed };
};

describe("inspectSource", () => {
  it.each<[string, readonly Track[], unknown]>([
    [
      "H.264",
      [video("h264", avc)],
      { audio: "none", picture: { codec: "h264", width: 1_920, height: 1_080, fps: 25 } },
    ],
    ["H.265", [video("h265", hevc)], { audio: "none", picture: { codec: "h265", width: 640, height: 360, fps: 15 } }],
    ["sound", [sound("aac"), video("h264", avc)], { audio: "aac", picture: { codec: "h264" } }],
    ["no parameter sets", [video("h265")], { picture: { codec: "h265", width: 0, height: 0, fps: 0 } }],
    ["damaged ones", [video("h264", hevc)], { picture: { codec: "h264", width: 0, height: 0, fps: 0 } }],
  ])("knows the stream by %s, and closes it", async (_, tracks, expected) => {
    const { openSource, closed } = camera(tracks);
    expect(await inspectSource(openSource, endpoint, cancel)).toMatchObject(expected as object);
    expect(closed()).toBe(1);
  });

  it("refuses a stream without video, and closes it", async () => {
    const { openSource, closed } = camera([sound("pcmu")]);
    await expect(inspectSource(openSource, endpoint, cancel)).rejects.toMatchObject({ code: "camera-no-video" });
    expect(closed()).toBe(1);
  });
});

describe("withPicture", () => {
  const tier: Tier = { name: "main", codec: "h264", width: 1_280, height: 720, fps: 12 };
  it.each([
    [
      "the stream's size and codec, and the profile's rate",
      { codec: "h265", width: 640, height: 360, fps: 15 },
      { fps: 12 },
    ],
    [
      "the profile's size where the stream has none",
      { codec: "h265", width: 0, height: 0, fps: 0 },
      { width: 1_280, height: 720, fps: 12 },
    ],
  ] as const)("takes %s", (_, picture, kept) => {
    expect(withPicture(tier, picture)).toEqual({ name: "main", ...picture, ...kept });
  });

  it("takes the stream's rate where the profile has none", () => {
    const picture = { codec: "h264", width: 640, height: 360, fps: 15 } as const;
    expect(withPicture({ ...tier, fps: 0 }, picture)).toEqual({ name: "main", ...picture });
  });
});

describe("RtspDriver", () => {
  it("describes its one tier as the stream is", async () => {
    const { openSource } = camera([video("h265", hevc), sound("pcma")]);
    const options = { camera: endpoint.camera, url: new URL(endpoint.url), pin: null, credentials: undefined };
    await using driver = new RtspDriver({ ...options, memory, openSource });
    expect(await driver.describe(cancel)).toMatchObject({
      tiers: [{ name: "main", codec: "h265", width: 640, height: 360, fps: 15 }],
      audio: "pcma",
      snapshot: false,
    });
    await expect(driver.endpoint("sub")).rejects.toMatchObject({ code: "not-found" });
  });
});
