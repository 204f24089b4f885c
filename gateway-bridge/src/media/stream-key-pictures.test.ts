import { describe, expect, it } from "@jest/globals";

import { StreamKeyPictures, type DecodeToJpeg } from "./stream-key-pictures.ts";
import { camera, failure, House, never } from "./testing/house.ts";
import { makePicture, parameterSets } from "./testing/units.ts";

const patient = { signal: never };
const decode: DecodeToJpeg = async ({ codec, width }) => Buffer.from(`${codec} ${width}`);
const setUp = (house: House, decodable = true) =>
  new StreamKeyPictures({ streams: () => house.streams, decode, decodable: () => decodable, clock: house.clock });

describe("StreamKeyPictures", () => {
  it("gives the newest key picture of a live stream, with its parameter sets", async () => {
    await using house = new House();
    const pictures = setUp(house);
    expect(pictures.newest(camera, "main")).toBeUndefined();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop(5), ...house.gop(3, 180_000));
    const newest = pictures.newest(camera, "main");
    expect(newest).toMatchObject({ codec: "h264", unit: { key: true, timestamp: 180_000 } });
    expect(newest?.unit.nals.slice(0, 2)).toEqual([parameterSets.sps, parameterSets.pps]);
  });

  it("gives none of a stream that broke, and opens none for it", async () => {
    await using house = new House();
    const pictures = setUp(house);
    house.watch();
    await house.settle();
    house.camera.send(...house.gop(5));
    house.camera.break(failure("camera-unreachable"));
    await house.settle();
    expect(pictures.newest(camera, "main")).toBeUndefined();
    expect(pictures.newest(camera, "sub")).toBeUndefined();
    expect(house.streams.find(camera, "sub")).toBeUndefined();
  });

  it("connects a stream for its first key picture, and lets it go", async () => {
    await using house = new House();
    const next = setUp(house).next(camera, "main", patient);
    await house.settle();
    house.camera.send(...house.gop(1));
    expect(await next).toMatchObject({ unit: { key: true, timestamp: 0 } });
    await house.clock.advance(10_000);
    expect(house.camera.open).toBe(0);
  });

  it("waits for the next key picture of a live stream, past what came before it was asked", async () => {
    await using house = new House();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop(2));
    await house.clock.advance(100);
    const next = setUp(house).next(camera, "main", patient);
    await house.settle();
    const arrivedAt = house.clock.monotonic();
    house.camera.send(makePicture({ timestamp: 9_000, arrivedAt }));
    house.camera.send(makePicture({ key: true, timestamp: 18_000, arrivedAt: arrivedAt + 1 }));
    expect(await next).toMatchObject({ unit: { timestamp: 18_000 } });
    expect(house.stream.status.viewers).toBe(1);
  });

  it("fails with the camera's own failure, or after 10 s", async () => {
    await using house = new House();
    const pictures = setUp(house);
    house.camera.refusal = failure("camera-unreachable");
    await expect(pictures.next(camera, "main", patient)).rejects.toMatchObject({ code: "camera-unreachable" });
    house.camera.refusal = undefined;
    const waiting = pictures.next(camera, "main", patient);
    const outcome = expect(waiting).rejects.toMatchObject({ code: "timeout" });
    await house.settle();
    house.camera.send(makePicture({ arrivedAt: house.clock.monotonic() }));
    await house.clock.advance(10_000);
    await outcome;
    expect(house.stream.status.viewers).toBe(0);
  });

  it("ends the wait when the stream is closed", async () => {
    await using house = new House();
    house.watch();
    await house.settle();
    house.camera.send(...house.gop(2));
    await house.clock.advance(100);
    const next = setUp(house).next(camera, "main", patient);
    await house.settle();
    await Promise.all([house.streams.close(camera), expect(next).rejects.toMatchObject({ code: "stream-ended" })]);
  });

  it("decodes with what the box has, and says whether it has something", async () => {
    await using house = new House();
    const picture = { codec: "h264" as const, unit: makePicture({ key: true }) };
    expect([setUp(house).decodable, setUp(house, false).decodable]).toEqual([true, false]);
    expect((await setUp(house).toJpeg(picture, 640, patient)).toString()).toBe("h264 640");
  });
});
