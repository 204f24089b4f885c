import { StreamHealth } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { failure, House } from "../testing/house.ts";
import { opusTrack, videoTrack } from "../testing/units.ts";

describe("a stream's health", () => {
  it("is told before anybody watched it", async () => {
    await using house = new House();
    expect(StreamHealth.parse(house.stream.health)).toMatchObject({
      tier: "main",
      rendition: "camera",
      state: "idle",
      video: null,
      audio: null,
      bitrateKbps: 0,
      reconnects: 0,
      viewers: 0,
    });
  });

  it("is what the camera sends and who watches", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, opusTrack];
    house.watch();
    await house.settle();
    const start = house.clock.monotonic();
    house.camera.send(...house.gop(50), ...house.gop(25, 180_000));
    await house.clock.advance(3_000);
    const { video, ...health } = StreamHealth.parse(house.stream.health);
    // Of the SPS of these units: 1280x720 at level 3.1.
    expect(video).toEqual({
      codec: "h264",
      width: 1280,
      height: 720,
      level: 3.1,
      fps: expect.any(Number),
      gopMs: 2_000,
      gopPictures: 50,
      longestGopMs: 2_000,
      shortestGopMs: null,
      bFrames: false,
    });
    expect(health).toMatchObject({ state: "live", audio: "opus", viewers: 1, accessUnits: 75, loss: null });
    expect(health.ringBytes).toBeGreaterThan(25 * 100);
    expect(house.clock.monotonic()).toBe(start + 3_000);
  });

  it("counts connections made after the first, and tells of none that is gone", async () => {
    await using house = new House();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop(50), ...house.gop(50, 180_000), ...house.gop(1, 360_000));
    house.camera.break(failure("camera-unreachable"));
    await house.settle();
    expect(house.stream.health).toMatchObject({ state: "offline", bitrateKbps: 0, ringBytes: 0, reconnects: 0 });
    await house.clock.advance(5_000);
    house.camera.send(...house.gop(1));
    expect(house.stream.health).toMatchObject({
      state: "live",
      reconnects: 1,
      video: { longestGopMs: 2_000, gopMs: null },
    });
    expect(house.streams.health()).toHaveLength(1);
  });
});
