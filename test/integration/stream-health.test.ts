import { systemClock, type CameraId, type StreamHealth } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { expect, it, jest } from "@jest/globals";

import type { CameraDescription } from "../../gateway-bridge/src/domain/camera.ts";
import { healthOf } from "../../gateway-bridge/src/media/health/gateway-health.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { GstLaunchCamera } from "../support/gst-launch-camera.ts";
import { describeWith } from "../support/needs.ts";

jest.setTimeout(90_000);
const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const transcoder = { available: true, version: "5", sandbox: [], missing: [] };
const described: CameraDescription = {
  manufacturer: "",
  model: "",
  firmware: "",
  serial: "",
  tiers: [{ name: "main", codec: "h264", width: 0, height: 0, fps: 0 }],
  audio: "none",
  snapshot: false,
  motion: false,
  talk: false,
};

/** Plays a camera until its health is as it should be; what its owner is told then. */
const watch = async (encoder: string, until: (health: StreamHealth) => boolean) => {
  const picture = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=25/1";
  await using gst = await GstLaunchCamera.open(`${picture} ! ${encoder}`);
  const log = new MemoryLogger();
  await using streams = Streams.create({
    endpoint: async (id, tier) => ({
      camera: id,
      tier,
      url: gst.url,
      credentials: undefined,
      pin: null,
      auth: { floor: "none", raise: () => undefined },
    }),
    openSource: createRtspSource({ clock: systemClock, log }),
    clock: systemClock,
    log,
    random: () => 0,
  });
  const stream = streams.of(camera, "main");
  using _hold = stream.hold();
  const patience = { signal: AbortSignal.timeout(80_000) };
  while (!until(stream.health)) await systemClock.delay(100, patience);
  const subject = { id: camera, kind: "rtsp" as const, url: gst.url, description: described };
  const health = healthOf({ cameras: [subject], streams: streams.health(), transcoder, maxSessions: () => undefined });
  return { health: stream.health, codes: health.cameras[0]?.warnings.map(({ code }) => code) };
};
/** Whether pictures come evenly by now: a busy box lets them wait, and the gateway says so. */
const even = ({ jitterMs }: StreamHealth): boolean => jitterMs !== null && jitterMs < 100;
const x264 = (options: string): string => `x264enc speed-preset=ultrafast bitrate=800 ${options}`;
const payloader = "video/x-h264,profile=main ! rtph264pay config-interval=-1 pt=96";

describeWith(["gstreamer", "ffmpeg"], "the health of a real encoder's stream", () => {
  // They wait for pictures most of the time, each for its own camera's.
  it.concurrent("is what the encoder was told: its size, its rate, its GOP, and no complaint", async () => {
    const { health, codes } = await watch(
      `${x264("tune=zerolatency key-int-max=25")} ! ${payloader} name=pay0`,
      (health) => health.video?.shortestGopMs === 1_000 && Math.round(health.video.fps) === 25 && even(health),
    );
    expect(health).toMatchObject({
      state: "live",
      video: { codec: "h264", width: 640, height: 360, gopPictures: 25, gopMs: 1_000, bFrames: false },
      loss: 0,
      reconnects: 0,
    });
    // 800 kbit/s is x264's aim; what it makes of a test picture is near it.
    expect(health.bitrateKbps).toBeGreaterThan(200);
    expect(health.bitrateKbps).toBeLessThan(1_600);
    expect(codes).toEqual([]);
  });

  it.concurrent("shows B-frames and a key picture interval that is too long", async () => {
    const { health, codes } = await watch(
      `${x264("bframes=2 b-adapt=false key-int-max=125")} ! ${payloader} name=pay0`,
      (health) => health.video !== null && health.video.gopMs !== null && even(health),
    );
    expect(health.video).toMatchObject({ bFrames: true, gopPictures: 125, gopMs: 5_000 });
    expect(codes).toEqual(["keyframe-interval-long", "b-frames"]);
  });

  it.concurrent("counts packets that are lost on the way", async () => {
    const { health, codes } = await watch(
      `${x264("tune=zerolatency key-int-max=25")} ! ${payloader} ! identity drop-probability=0.05 name=pay0`,
      ({ accessUnits, loss }) => accessUnits > 150 && loss !== null && loss > 0.01,
    );
    expect(health.loss).toBeLessThan(0.15);
    expect(health.packetsLost).toBeGreaterThan(5);
    expect(codes).toContain("packet-loss");
  });
});
