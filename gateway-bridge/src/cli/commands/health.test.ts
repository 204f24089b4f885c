import type { Camera, CameraId, GatewayClient, GatewayHealth, StreamHealth } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { CommandContext } from "../command.ts";
import { healthCommand, healthText } from "./health.ts";

const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const known = [{ id, name: "Garage" } as Camera];
const stream: StreamHealth = {
  camera: id,
  tier: "main",
  rendition: "camera",
  state: "live",
  video: {
    codec: "h264",
    width: 1920,
    height: 1080,
    level: 4,
    fps: 24.9,
    gopMs: 10_000,
    gopPictures: 250,
    longestGopMs: 10_000,
    shortestGopMs: 10_000,
    bFrames: false,
  },
  audio: "aac",
  bitrateKbps: 4_013,
  loss: 0.0123,
  packetsLost: 7,
  jitterMs: 3.4,
  transport: "tcp",
  accessUnits: 1,
  bytes: 1,
  reconnects: 2,
  viewers: 3,
  dropped: 4,
  ringBytes: 1,
};
const transcoder = { available: true, version: "5.1.6", sandbox: ["bubblewrap", "prlimit"], missing: [] };
const health: GatewayHealth = {
  cameras: [
    {
      camera: id,
      streams: [stream, { ...stream, rendition: "h264+opus", loss: null, jitterMs: null }],
      warnings: [{ code: "keyframe-interval-long", message: "Every 10 s.", remedy: "Set 2 s." }],
    },
  ],
  transcoder,
  gateway: [],
};

describe("gatehouse health", () => {
  it("shows every stream's figures and what to do about each warning", () => {
    expect(healthText(health, known).split("\n").map((line) => line.replaceAll(/ {2,}/g, " | ").trim())).toEqual([
      "Garage (cam-aaaaaaaaaaaaaaaa)",
      "STREAM | STATE | PICTURE | FPS | KBIT/S | GOP | LOSS | JITTER | VIEWERS | DROPPED | RECONNECTS",
      "main | live | h264 1920x1080, aac | 24.9 | 4013 | 10.0 s | 1.2 % | 3 ms | 3 | 4 | 2",
      "main as h264+opus | live | h264 1920x1080, aac | 24.9 | 4013 | 10.0 s | - | - | 3 | 4 | 2",
      "! Every 10 s.",
      "| Set 2 s. (keyframe-interval-long)",
      "",
      "transcoder: ffmpeg 5.1.6, sandbox: bubblewrap, prlimit",
    ]); // prettier-ignore
  });

  it("says so where there is nothing yet: no camera, no viewer, no picture, no transcoder", () => {
    expect(healthText({ cameras: [], transcoder, gateway: [] }, [])).toMatch(/No cameras yet/);
    const unseen = { cameras: [{ camera: id, streams: [], warnings: [] }], transcoder, gateway: [] };
    expect(healthText(unseen, [])).toMatch(/^cam-aaaaaaaaaaaaaaaa\nnobody has watched it/);
    const dark = { ...stream, state: "offline" as const, video: null, audio: null };
    const missing = { available: false, version: null, sandbox: [], missing: ["Install ffmpeg."] };
    const unlit = { cameras: [{ camera: id, streams: [dark], warnings: [] }], transcoder: missing, gateway: [] };
    const text = healthText(unlit, known);
    expect(text).toMatch(/main {2,}offline {2,}- {2,}-/);
    expect(text).toMatch(/transcoder: none\n! Install ffmpeg\.$/);
  });

  it("begins with what is wrong with the gateway itself", () => {
    const gateway = [{ code: "clock-wrong" as const, message: "The clock is behind.", remedy: "Set it." }];
    expect(healthText({ ...health, gateway }, known)).toMatch(
      /^! The clock is behind\.\n {2}Set it\. \(clock-wrong\)\n\nGarage/,
    );
    expect(healthText({ cameras: [], transcoder, gateway }, [])).toMatch(/^! The clock is behind[^]*No cameras yet/);
  });

  it("answers with the gateway's own words as JSON", async () => {
    const answers = { health, listCameras: known };
    const client = {
      call: async (route: keyof typeof answers) => answers[route],
      [Symbol.asyncDispose]: async () => undefined,
    } as unknown as GatewayClient;
    const context = { client: async () => client, signal: new AbortController().signal } as unknown as CommandContext;
    const answer = await healthCommand.run({ positionals: [], options: {} }, context);
    expect(answer).toEqual({ json: health, text: healthText(health, known) });
  });
});
