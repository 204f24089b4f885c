import { MediaHealth, type CameraId } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { CameraDescription } from "../../domain/camera.ts";
import { camera as seen, House } from "../testing/house.ts";
import { healthOf } from "./gateway-health.ts";

const other = "cam-bbbbbbbbbbbbbbbb" as CameraId;
const description: CameraDescription = {
  manufacturer: "",
  model: "",
  firmware: "",
  serial: "",
  tiers: [{ name: "main", codec: "h264", width: 1920, height: 1080, fps: 25 }],
  audio: "none",
  snapshot: true,
  motion: false,
  talk: false,
};
const transcoder = { available: false, version: null, sandbox: [], missing: ["ffmpeg"] };

describe("healthOf", () => {
  it("tells each camera's streams and warnings, and nothing of cameras that were not asked for", async () => {
    await using house = new House();
    house.streams.of(other, "main");
    const cameras = [{ id: seen, kind: "onvif" as const, url: "http://192.0.2.1/", description }];
    const health = healthOf({ cameras, streams: house.streams.health(), transcoder, maxSessions: () => 1 });
    expect(MediaHealth.parse(health)).toMatchObject({
      cameras: [{ camera: seen, streams: [{ camera: seen, tier: "main", state: "idle" }] }],
      transcoder,
    });
    expect(health.cameras[0]?.warnings.map(({ code }) => code)).toEqual(["no-substream", "single-session"]);
    expect(JSON.stringify(health)).not.toContain(other);
  });

  it("tells a camera that nobody watched yet, without streams", () => {
    const cameras = [{ id: seen, kind: "onvif" as const, url: "http://192.0.2.1/", description }];
    const health = healthOf({ cameras, streams: [], transcoder, maxSessions: () => undefined });
    expect(health.cameras).toMatchObject([{ camera: seen, streams: [] }]);
  });
});
