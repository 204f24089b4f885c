import { describe, expect, it } from "@jest/globals";

import { failure, House, never } from "./testing/house.ts";
import { RecordingViewer } from "./testing/recording-viewer.ts";
import { makePicture, makeSound, opusTrack, parameterSets, videoTrack } from "./testing/units.ts";

describe("Stream", () => {
  it("connects to the camera once, whatever the number of viewers, and not before the first", async () => {
    await using house = new House();
    await house.settle();
    expect(house.camera.tries).toBe(0);
    const viewers = [house.watch(), house.watch(), house.watch()];
    await house.settle();
    house.camera.send(...house.gop());
    viewers.forEach((viewer) => expect(viewer.units).toHaveLength(5));
    expect(house.camera.tries).toBe(1);
    expect(house.stream.status).toMatchObject({ viewers: 3, connects: 1, accessUnits: 5, dropped: 0 });
  });

  it("starts a late viewer at the last key picture, with the units that the others have", async () => {
    await using house = new House();
    const early = house.watch();
    await house.settle();
    house.camera.send(...house.gop(30), ...house.gop(7, 108_000));
    const late = house.watch();
    expect(late.units).toHaveLength(7);
    late.units.forEach((unit, index) => expect(unit).toBe(early.units[30 + index]));
    house.camera.send(makePicture({ timestamp: 133_200, arrivedAt: house.clock.monotonic() }));
    expect(late.units).toHaveLength(8);
  });

  it("hands a unit once to a viewer that joins while it is handed round", async () => {
    await using house = new House();
    const joined = new RecordingViewer();
    const first = new RecordingViewer();
    const session = house.stream.join({
      write: (unit) => {
        if (first.units.length === 0) house.watch(joined);
        return first.write(unit);
      },
      end: () => undefined,
    });
    session.resume();
    await house.settle();
    house.camera.send(...house.gop(3));
    expect(joined.units).toEqual(first.units);
  });

  it("gives every key picture its parameter sets: the camera's own before the SDP's", async () => {
    await using house = new House();
    const viewer = house.watch();
    await house.settle();
    const otherSps = Buffer.from("6764001facd9", "hex");
    const { sps, pps } = parameterSets;
    house.camera.send(
      makePicture({ key: true }),
      makePicture({ key: true, timestamp: 1, before: [otherSps] }),
      makePicture({ key: true, timestamp: 2 }),
    );
    const sets = viewer.units.map((unit) => (unit.kind === "video" ? unit.nals.slice(0, -1) : []));
    // In the second picture the missing PPS goes in front of what the camera sent.
    expect(sets).toEqual([
      [sps, pps],
      [pps, otherSps],
      [otherSps, pps],
    ]);
    expect((await house.stream.ready({ signal: never })).video.parameterSets).toEqual({ sps: otherSps, pps });
  });

  it("passes sound on, on the same zero as the picture, if the camera announced it", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, opusTrack];
    const viewer = house.watch();
    await house.settle();
    const at = house.clock.monotonic();
    house.camera.send(
      makePicture({ key: true, timestamp: 5, arrivedAt: at }),
      makeSound({ timestamp: 777, arrivedAt: at + 20 }),
    );
    expect(viewer.units.map(({ kind, timestamp }) => [kind, timestamp])).toEqual([
      ["video", 0],
      ["audio", 960],
    ]);
    expect(house.stream.positionAt(at + 20)).toBe(20);
  });

  it("leaves out sound that no track was announced for", async () => {
    await using house = new House();
    const viewer = house.watch();
    await house.settle();
    house.camera.send(makePicture({ key: true }), makeSound());
    expect(viewer.units).toHaveLength(1);
  });

  it("slows nobody for a slow viewer, and counts what that one missed", async () => {
    await using house = new House();
    const slow = house.watch(new RecordingViewer(1));
    const quick = house.watch();
    await house.settle();
    house.camera.send(...house.gop(1_000));
    expect(quick.units).toHaveLength(1_000);
    expect(slow.units).toHaveLength(1);
    expect(house.stream.status.dropped).toBe(999);
  });

  it("keeps the count of dropped units when the slow viewer leaves", async () => {
    await using house = new House();
    const session = house.stream.join(new RecordingViewer(), { units: 1, bytes: 1_000 });
    await house.settle();
    house.camera.send(...house.gop(4));
    session[Symbol.dispose]();
    expect(house.stream.status).toMatchObject({ viewers: 0, dropped: 4 });
  });
});

describe("Stream.join with pre-roll", () => {
  const filmed = async (prerollMs: number): Promise<House> => {
    const house = new House({ prerollMs });
    house.watch();
    await house.settle();
    for (let gop = 0; gop < 5; gop += 1) {
      house.camera.send(...house.gop(2, gop * 90_000));
      await house.clock.advance(1_000);
    }
    return house;
  };
  const joined = (house: House, beforeMs: number): readonly number[] => {
    const viewer = new RecordingViewer();
    house.stream.join(viewer, undefined, beforeMs).resume();
    return viewer.timestamps;
  };

  it("starts at the key picture that covers what is asked for, as far as it is kept", async () => {
    await using house = await filmed(3_000);
    expect(joined(house, 2_500)).toEqual([180_000, 183_600, 270_000, 273_600, 360_000, 363_600]);
    expect(joined(house, 0)).toEqual([360_000, 363_600]);
    expect(joined(house, 60_000)).toEqual(house.stream.recent(60_000).map(({ timestamp }) => timestamp));
    expect(joined(house, 60_000).length).toBeGreaterThan(6);
  });

  it("has the newest GOP alone where no pre-roll is kept", async () => {
    await using house = await filmed(0);
    expect(joined(house, 60_000)).toEqual([360_000, 363_600]);
  });
});

describe("Stream.ready", () => {
  it("resolves with the tracks once a key picture is there, at once if one is", async () => {
    await using house = new House();
    house.camera.tracks = [videoTrack, opusTrack];
    const ready = house.stream.ready({ signal: never });
    await house.settle();
    house.camera.send(makePicture(), ...house.gop());
    await expect(ready).resolves.toEqual({ video: videoTrack, audio: opusTrack });
    await expect(house.stream.ready({ signal: never })).resolves.toEqual({ video: videoTrack, audio: opusTrack });
  });

  it.each(["camera-credentials", "camera-unreachable", "camera-foreign-host"] as const)(
    "rejects with %s as soon as the camera fails with it, long before the deadline",
    async (code) => {
      await using house = new House();
      house.camera.refusal = failure(code, "what the source said");
      const started = house.clock.monotonic();
      await expect(house.stream.ready({ signal: never })).rejects.toMatchObject({
        code,
        message: "what the source said",
      });
      expect(house.clock.monotonic()).toBe(started);
    },
  );

  it("tries a refused password once, however many viewers come and go, until the lock-out is over", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-credentials");
    for (let viewer = 0; viewer < 10; viewer += 1) {
      await expect(house.stream.ready({ signal: never })).rejects.toMatchObject({ code: "camera-credentials" });
      await house.clock.advance(20_000);
    }
    expect(house.camera.tries).toBe(1);
    await house.clock.advance(35 * 60_000);
    house.camera.refusal = undefined;
    const ready = house.stream.ready({ signal: never });
    await house.settle();
    house.camera.send(...house.gop());
    await expect(ready).resolves.toMatchObject({ video: { codec: "h264" } });
    expect(house.camera.tries).toBe(2);
  });

  it("tries an unreachable camera at once for a new viewer instead of waiting for the next round", async () => {
    await using house = new House();
    house.camera.refusal = failure("camera-unreachable");
    house.watch();
    await house.clock.advance(5 * 60_000);
    const before = house.camera.tries;
    house.camera.refusal = undefined;
    await house.clock.advance(1_000);
    const ready = house.stream.ready({ signal: never });
    await house.settle();
    expect(house.camera.tries).toBe(before + 1);
    house.camera.send(...house.gop());
    await expect(ready).resolves.toBeDefined();
  });

  it("gives up after ten seconds without a picture", async () => {
    await using house = new House();
    const ready = house.stream.ready({ signal: never });
    const outcome = expect(ready).rejects.toMatchObject({ code: "timeout" });
    await house.clock.advance(10_000);
    await outcome;
  });

  it("stops waiting when the caller does, and lets the connection go", async () => {
    await using house = new House();
    const caller = new AbortController();
    const ready = house.stream.ready({ signal: caller.signal });
    const outcome = expect(ready).rejects.toThrow("left");
    await house.settle();
    caller.abort(new Error("left"));
    await outcome;
    await house.clock.advance(10_000);
    expect(house.camera.open).toBe(0);
    expect(house.clock.pending).toBe(0);
  });
});
