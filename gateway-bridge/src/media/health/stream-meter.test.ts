import { describe, expect, it } from "@jest/globals";

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { Source, SourceQuality } from "../../ports.ts";
import { makePicture, makePictures, makeSound } from "../testing/units.ts";
import { rememberedMs } from "./recent-extremes.ts";
import { StreamMeter } from "./stream-meter.ts";

/** GOPs one after the other at 25 pictures a second, from `start` on; returns the moment after the last picture. */
const play = (meter: StreamMeter, gops: readonly number[], start = 0): number => {
  let at = start;
  for (const count of gops) {
    for (const unit of makePictures({ count, timestamp: at * 90, arrivedAt: at })) meter.note(unit);
    at += count * 40;
  }
  return at;
};

const sourceOf = (quality: () => SourceQuality): Source => ({
  tracks: [],
  quality,
  play: () => Promise.reject(new Error("nobody plays")),
  [Symbol.asyncDispose]: async () => undefined,
});

describe("StreamMeter", () => {
  it("counts bits and pictures a second over the last five seconds", () => {
    const meter = new StreamMeter();
    const end = play(
      meter,
      Array.from({ length: 20 }, () => 25),
    );
    const { bitrateKbps, fps } = meter.read(end);
    expect(fps).toBeCloseTo(25, 0);
    expect(bitrateKbps).toBeCloseTo((25 * 100 * 8) / 1_000, 0);
    expect(meter.read(end + 20_000)).toMatchObject({ bitrateKbps: 0, fps: 0 });
  });

  it("follows a change of the rate within five seconds", () => {
    const meter = new StreamMeter();
    const end = play(meter, [250]);
    for (let at = end; at < end + 6_000; at += 40)
      meter.note(makePicture({ size: 1_000, timestamp: at * 90, arrivedAt: at }));
    expect(meter.read(end + 6_000).bitrateKbps).toBeCloseTo(200, -1);
  });

  it("counts sound as bits, not as pictures, and does not exaggerate a stream that has just begun", () => {
    const meter = new StreamMeter();
    meter.note(makePicture({ key: true, size: 50_000, arrivedAt: 10_500 }));
    meter.note(makeSound({ data: Buffer.alloc(1_000), arrivedAt: 10_510 }));
    expect(meter.read(10_511)).toMatchObject({ bitrateKbps: 408, fps: 1 });
  });

  it("measures the GOP by media time, from the second key picture on", () => {
    const meter = new StreamMeter();
    const at = play(meter, [50]);
    expect(meter.read(at)).toMatchObject({ gopMs: null, gopPictures: null, longestGopMs: null });
    // Arrives late, in one burst: the length of the GOP is the camera's.
    for (const unit of makePictures({ count: 1, timestamp: at * 90, arrivedAt: at + 3_000 })) meter.note(unit);
    expect(meter.read(at + 3_000)).toMatchObject({ gopMs: 2_000, gopPictures: 50, longestGopMs: 2_000 });
  });

  it("remembers the longest and the shortest GOP for minutes, but not the first of a connection", () => {
    const meter = new StreamMeter();
    const at = play(meter, [5, 50, 200, 50, 50]);
    expect(meter.read(at)).toMatchObject({ gopMs: 2_000, longestGopMs: 8_000, shortestGopMs: 2_000 });
    const later = play(meter, Array.from({ length: (3 * rememberedMs) / 2_000 }, () => 50), at); // prettier-ignore
    expect(meter.read(later).longestGopMs).toBe(2_000);
  });

  it("counts the GOP that runs as soon as it is the longest, but not the time that nothing comes", () => {
    const meter = new StreamMeter();
    const at = play(meter, [50, 50, 50, 801]);
    expect(meter.read(at).longestGopMs).toBe(32_000);
    expect(meter.read(at + 9_000).longestGopMs).toBe(32_000);
  });

  it("sees B-frames by timestamps that step back, and forgets them minutes after the last", () => {
    const meter = new StreamMeter();
    const order = [0, 3, 1, 2, 6, 4, 5];
    for (const [index, shown] of order.entries()) {
      meter.note(makePicture({ key: index === 0, timestamp: shown * 3_600, arrivedAt: index * 40 }));
    }
    expect(meter.read(300).bFrames).toBe(true);
    expect(meter.read(300 + rememberedMs).bFrames).toBe(false);
  });

  it("takes a camera that began anew, or set its clock, for no B-frames", () => {
    const meter = new StreamMeter();
    const pictures = (key: boolean, timestamp: number): VideoUnit => makePicture({ key, timestamp, arrivedAt: 1 });
    for (const unit of [pictures(true, 900_000), pictures(false, 903_600), pictures(true, 0), pictures(false, 3_600)]) meter.note(unit); // prettier-ignore
    meter.note(pictures(false, 1_000_000));
    meter.note(pictures(false, 900_000));
    expect(meter.read(1)).toMatchObject({ bFrames: false, gopMs: null });
  });

  it("begins anew with a connection, and keeps what it knows of the last minutes", () => {
    const meter = new StreamMeter();
    const at = play(meter, [50, 50, 100, 50]);
    meter.disconnected();
    expect(meter.read(at)).toMatchObject({ bitrateKbps: 0, fps: 0, gopMs: null, longestGopMs: 4_000 });
  });
});

describe("what a StreamMeter tells of the packets", () => {
  const setUp = () => {
    const quality = { packets: 0, lost: 0, jitterMs: 3, transport: "udp" as const };
    const meter = new StreamMeter();
    meter.connected(sourceOf(() => quality));
    return { meter, quality };
  };

  it("is nothing without a source that counts", () => {
    expect(new StreamMeter().read(0)).toMatchObject({ loss: null, jitterMs: null, transport: null, packetsLost: 0 });
  });

  it("is nothing lost of nothing before the first packet", () => {
    expect(setUp().meter.read(0)).toMatchObject({ loss: null, jitterMs: 3, transport: "udp" });
  });

  it("is the share that was lost over the last minutes, not ever since", () => {
    const { meter, quality } = setUp();
    let at = play(meter, [50, 50]);
    Object.assign(quality, { packets: 900, lost: 100 });
    expect(meter.read(at).loss).toBeCloseTo(0.1);
    for (let minutes = 0; minutes < 6; minutes += 1) {
      quality.packets += 1_000;
      at = play(meter, Array.from({ length: 30 }, () => 50), at); // prettier-ignore
    }
    expect(meter.read(at)).toMatchObject({ loss: 0, packetsLost: 100 });
  });

  it("adds up what every connection lost", () => {
    const { meter, quality } = setUp();
    Object.assign(quality, { packets: 90, lost: 10 });
    meter.disconnected();
    meter.disconnected();
    meter.connected(sourceOf(() => ({ packets: 50, lost: 5, jitterMs: 0, transport: "tcp" })));
    expect(meter.read(0).packetsLost).toBe(15);
  });
});
