import { describe, expect, it } from "@jest/globals";

import { failure, House, never } from "../../media/testing/house.ts";
import { makePicture, makePictures, makeSound, opusTrack, videoTrack } from "../../media/testing/units.ts";
import { readBoxes, type ReadBox } from "../../protocols/fmp4/testing/read-boxes.ts";
import { recordClip, type Clip } from "./record-clip.ts";
import { noConverter } from "./testing/fake-converter.ts";

const gopMs = 1_000;

/** A house whose camera has filmed so many seconds, a GOP each, with its sound where it has any. */
const filmed = async (seconds: number, { sound = false, prerollMs = 10_000 } = {}): Promise<House> => {
  const house = new House({ prerollMs });
  if (sound) house.camera.tracks = [videoTrack, opusTrack];
  house.stream.hold();
  await house.settle();
  for (let second = 0; second < seconds; second += 1) await film(house, { sound });
  return house;
};

/** One more second, picture by picture. */
const film = async (house: House, { sound = false, size = 100 } = {}): Promise<void> => {
  const at = house.clock.monotonic();
  const from = Math.round((at - 1_700_000_000_000) * 90);
  for (const [index, picture] of makePictures({ count: 25, timestamp: from, size, arrivedAt: at }).entries()) {
    house.camera.send(picture);
    for (let half = 0; sound && half < 2; half += 1) {
      const arrivedAt = at + index * 40 + half * 20;
      const data = Buffer.from("fcfffe", "hex");
      house.camera.send(makeSound({ timestamp: Math.round((arrivedAt - 1_700_000_000_000) * 48), arrivedAt, data }));
    }
    await house.clock.advance(40);
  }
};

const record = async (house: House, times: { beforeMs?: number; afterMs?: number }, signal = never): Promise<Clip> => {
  const { stream, clock, log } = house;
  const openConverter = noConverter;
  return recordClip({ stream, openConverter, clock, log, beforeMs: 0, afterMs: 0, ...times }, { signal });
};

const readAll = async ({ chunks }: Clip): Promise<Buffer> => {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
};

interface Samples {
  readonly start: number;
  readonly durations: readonly number[];
}

/** The samples of one track, fragment by fragment. */
const samplesOf = (file: Buffer, track: number): readonly Samples[] =>
  readBoxes(file)
    .filter(({ type }) => type === "moof")
    .flatMap(({ children }) => children.filter(({ type }) => type === "traf"))
    .filter(({ children }) => children[0]!.content.readUInt32BE(4) === track)
    .map(({ children }) => {
      const [, tfdt, trun] = children as [ReadBox, ReadBox, ReadBox];
      const count = trun.content.readUInt32BE(4);
      const durations = Array.from({ length: count }, (_, index) => trun.content.readUInt32BE(12 + 16 * index));
      return { start: Number(tfdt.content.readBigUInt64BE(4)), durations };
    });
const lasting = (file: Buffer, track: number): number =>
  samplesOf(file, track).reduce((sum, { durations }) => sum + durations.reduce((a, b) => a + b, 0), 0);

describe("A clip", () => {
  it("begins at the key picture that covers what is asked for, and says since when it is", async () => {
    await using house = await filmed(6);
    const now = house.clock.now();
    const clip = await record(house, { beforeMs: 2_500 });
    expect(clip).toMatchObject({ mime: 'video/mp4; codecs="avc1.42c01f"', startedAt: now - 3_000, coveredMs: 3_000 });
    await house.clock.advance(1);
    const file = await readAll(clip);
    expect(readBoxes(file).map(({ type }) => type)).toEqual([
      ...["ftyp", "moov"],
      ...["moof", "mdat", "moof", "mdat", "moof", "mdat"],
    ]);
    expect(samplesOf(file, 1).map(({ start }) => start)).toEqual([0, 90_000, 180_000]);
    expect(lasting(file, 1)).toBe(3 * 90_000);
  });

  it("has less of the past where less is stored", async () => {
    await using house = await filmed(6, { prerollMs: 0 });
    const clip = await record(house, { beforeMs: 4_000 });
    expect(clip.coveredMs).toBe(gopMs);
  });

  it("goes on live for as long as is asked for, and then lets the camera go", async () => {
    await using house = await filmed(3);
    const clip = await record(house, { beforeMs: 1_000, afterMs: 1_500 });
    const viewers = house.stream.status.viewers;
    await film(house);
    await film(house);
    const file = await readAll(clip);
    expect(lasting(file, 1)).toBeGreaterThanOrEqual(2_460 * 90);
    expect(lasting(file, 1)).toBeLessThanOrEqual(2_580 * 90);
    expect([viewers, house.stream.status.viewers]).toEqual([1, 0]);
  });

  it("ends in time even if the camera sends nothing any more", async () => {
    await using house = await filmed(2);
    const clip = await record(house, { afterMs: 5_000 });
    await house.clock.advance(5_000);
    expect(lasting(await readAll(clip), 1)).toBe(90_000);
  });

  it("has the sound beside the picture, without a gap", async () => {
    await using house = await filmed(4, { sound: true });
    const clip = await record(house, { beforeMs: 3_000 });
    expect(clip.mime).toBe('video/mp4; codecs="avc1.42c01f,opus"');
    await house.clock.advance(1);
    const file = await readAll(clip);
    const runs = samplesOf(file, 2);
    let end = runs[0]!.start;
    for (const { start, durations } of runs) {
      expect(start).toBe(end);
      end = start + durations.reduce((a, b) => a + b, 0);
    }
    expect(lasting(file, 2) / 48).toBe(3_000);
  });

  it("has silence for sound that the camera announced and never sends", async () => {
    const house = new House({ prerollMs: 10_000 });
    await using _ = house;
    house.camera.tracks = [videoTrack, opusTrack];
    house.stream.hold();
    await house.settle();
    for (let second = 0; second < 3; second += 1) await film(house);
    const clip = await record(house, { beforeMs: 3_000 });
    expect(clip.mime).toBe('video/mp4; codecs="avc1.42c01f,opus"');
    await house.clock.advance(1);
    expect(lasting(await readAll(clip), 2) / 48).toBe(3_000);
  });

  it.each([
    [
      "the camera was lost",
      async (house: House) => {
        house.camera.break(failure("camera-unreachable"));
        await house.clock.advance(2_000);
      },
      {},
    ],
    [
      "its form changed",
      async () => undefined,
      { before: [Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex")] },
    ],
  ])("ends, whole, where %s", async (_, happen, picture) => {
    await using house = await filmed(2);
    const clip = await record(house, { beforeMs: 1_000, afterMs: 60_000 });
    await happen(house);
    const arrivedAt = house.clock.monotonic();
    house.camera.send(makePicture({ key: true, timestamp: 900_000, arrivedAt, ...picture }));
    const file = await readAll(clip);
    expect(lasting(file, 1)).toBeLessThan(2_100 * 90);
    expect(lasting(file, 1)).toBeGreaterThanOrEqual(90_000);
    expect(house.stream.status.viewers).toBe(0);
  });

  it("ends, whole, where the stream is closed", async () => {
    const house = await filmed(2);
    const clip = await record(house, { beforeMs: 1_000, afterMs: 60_000 });
    await house[Symbol.asyncDispose]();
    expect(lasting(await readAll(clip), 1)).toBeGreaterThanOrEqual(90_000);
  });

  it("cuts a GOP that is too long into fragments", async () => {
    await using house = new House();
    house.stream.hold();
    await house.settle();
    house.camera.send(...makePictures({ count: 200, arrivedAt: house.clock.monotonic() }));
    await house.clock.advance(8_000);
    const clip = await record(house, {});
    await house.clock.advance(1);
    expect(samplesOf(await readAll(clip), 1).map(({ durations }) => durations.length)).toEqual([50, 50, 50, 50]);
  });

  it("waits for a slow reader within bounds, and goes on when it reads", async () => {
    await using house = await filmed(1);
    const clip = await record(house, { afterMs: 20_000 });
    for (let second = 0; second < 10; second += 1) await film(house, { size: 40_000 });
    const reading = readAll(clip);
    for (let second = 0; second < 11; second += 1) await film(house);
    // Ten seconds of 1 MB a second: 4 MB as chunks and the rest as units, all within bounds.
    expect((await reading).length).toBeGreaterThan(9_000_000);
    expect(house.stream.status.dropped).toBe(0);
  });

  it("loses parts for a reader that is slower than the bounds, and says so in the log", async () => {
    await using house = await filmed(1);
    const clip = await record(house, { afterMs: 40_000 });
    for (let second = 0; second < 41; second += 1) await film(house, { size: 40_000 });
    expect(house.stream.status.dropped).toBeGreaterThan(0);
    expect((await readAll(clip)).length).toBeLessThan(25_000_000);
    expect(house.log.lines.some(({ message }) => message.startsWith("clip has gaps"))).toBe(true);
  });

  it("ends for a reader that leaves", async () => {
    await using house = await filmed(2);
    const clip = await record(house, { beforeMs: 1_000, afterMs: 60_000 });
    for await (const chunk of clip.chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(house.stream.status.viewers).toBe(0);
    expect(house.clock.pending).toBeLessThanOrEqual(2);
  });

  it("throws the reason of a signal that aborts, whether it is read or not", async () => {
    await using house = await filmed(2);
    const leaving = new AbortController();
    const clip = await record(house, { afterMs: 60_000 }, leaving.signal);
    leaving.abort(failure("aborted"));
    expect(house.stream.status.viewers).toBe(0);
    await expect(readAll(clip)).rejects.toMatchObject({ code: "aborted" });
  });

  it("is refused with the camera's own failure, or where nothing can be decoded", async () => {
    await using lost = new House();
    lost.camera.refusal = failure("camera-unreachable");
    await expect(record(lost, {})).rejects.toMatchObject({ code: "camera-unreachable" });
    await using house = new House();
    house.stream.hold();
    await house.settle();
    house.camera.send(makePicture({ key: true, before: [Buffer.from("6742", "hex")] }));
    await expect(record(house, {})).rejects.toMatchObject({ code: "codec-unsupported" });
    expect(house.stream.status.viewers).toBe(0);
  });
});
