import { describe, expect, it } from "@jest/globals";
import type { CameraId } from "@gatehouse/shared";

import type { VideoCodec } from "../domain/track.ts";
import type { Stream } from "./stream.ts";
import { camera, failure, House, never } from "./testing/house.ts";
import { RecordingViewer } from "./testing/recording-viewer.ts";
import { videoTrack } from "./testing/units.ts";

describe("Streams.playable", () => {
  it("gives the camera's own stream where its codecs fit", async () => {
    await using house = new House();
    const playable = house.streams.playable(camera, "main", { video: ["h264"], audio: ["opus"] }, { signal: never });
    await house.settle();
    house.camera.send(...house.gop());
    await expect(playable).resolves.toBe(house.stream);
  });

  it("fails as the camera does", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-unreachable");
    const playable = house.streams.playable(camera, "main", { video: ["h264"], audio: [] }, { signal: never });
    await expect(playable).rejects.toMatchObject({ code: "camera-unreachable" });
  });

  it("says that a picture cannot be shown, and whether ffmpeg would help", async () => {
    await using house = new House();
    house.camera.tracks = [{ ...videoTrack, codec: "h265", parameterSets: undefined }];
    house.watch();
    await house.settle();
    house.camera.send(...house.gop());
    const playable = (codec: VideoCodec): Promise<Stream> =>
      house.streams.playable(camera, "main", { video: [codec], audio: [] }, { signal: never });
    await expect(playable("h264")).rejects.toMatchObject({ code: "transcoder-missing" });
    house.camera.tracks = [videoTrack];
    await house.streams.close(camera);
    const unplayable = expect(playable("h265")).rejects.toMatchObject({ code: "codec-unsupported" });
    await house.settle();
    house.camera.send(...house.gop());
    await unplayable;
  });

  it("shows the picture without its sound where no transcoder is there, and logs why", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, { kind: "audio", codec: "aac", clockRate: 16_000, channels: 1 }];
    const playable = house.streams.playable(camera, "main", { video: ["h264"], audio: ["opus"] }, { signal: never });
    await house.settle();
    house.camera.send(...house.gop());
    await expect(playable).resolves.toBe(house.stream);
    expect(house.log.lines).toContainEqual(expect.objectContaining({ level: "warn" }));
  });
});

describe("Streams", () => {
  it("makes one stream per camera and tier", async () => {
    await using house = new House();
    expect(house.streams.of(camera, "main")).toBe(house.stream);
    expect(house.streams.of(camera, "sub")).not.toBe(house.stream);
    expect(house.streams.status().map(({ tier }) => tier)).toEqual(["main", "sub"]);
  });

  it("ends the viewers and waiters of a removed camera with stream-ended, and its connection", async () => {
    await using house = new House();
    house.streams.setWarm(camera, true);
    const viewer = house.watch();
    const ready = expect(house.stream.ready({ signal: never })).rejects.toMatchObject({ code: "stream-ended" });
    await house.settle();
    await house.streams.close(camera);
    await ready;
    expect(viewer.ended?.code).toBe("stream-ended");
    expect(house.camera.open).toBe(0);
    expect(house.streams.status()).toEqual([]);
    expect(() => house.stream.join(new RecordingViewer())).toThrow("closed the stream");
    expect(house.clock.pending).toBe(0);
  });

  it("forgets a refused password with the camera, so that a corrected one is tried at once", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-credentials");
    await expect(house.stream.ready({ signal: never })).rejects.toMatchObject({ code: "camera-credentials" });
    await house.streams.close(camera);
    house.camera.refusal = undefined;
    const ready = house.streams.of(camera, "main").ready({ signal: never });
    await house.settle();
    house.camera.send(...house.gop());
    await expect(ready).resolves.toBeDefined();
  });

  it("ends everything when it is disposed of", async () => {
    const house = new House();
    const viewer = house.watch();
    house.streams.of("cam-bbbbbbbbbbbbbbbb" as CameraId, "sub").join(new RecordingViewer());
    await house.settle();
    expect(house.camera.open).toBe(2);
    await house[Symbol.asyncDispose]();
    expect(house.camera.open).toBe(0);
    expect(viewer.ended?.code).toBe("stream-ended");
    expect(house.clock.pending).toBe(0);
  });
});
