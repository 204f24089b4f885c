import { describe, expect, it } from "@jest/globals";

import type { AudioTrack } from "../../domain/track.ts";
import type { OpenSoundConverter } from "../../media/ffmpeg/sound-converter.ts";
import { failure, House, never } from "../../media/testing/house.ts";
import { makePictures, makeSound, videoTrack } from "../../media/testing/units.ts";
import { readBoxes } from "../../protocols/fmp4/testing/read-boxes.ts";
import { recordClip, type Clip } from "./record-clip.ts";
import { FakeConverter, noConverter } from "./testing/fake-converter.ts";

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };

/** A second of pictures and G.711, as both come. */
const film = async (house: House): Promise<void> => {
  const at = house.clock.monotonic();
  const since = at - 1_700_000_000_000;
  for (const picture of makePictures({ count: 25, timestamp: since * 90, arrivedAt: at })) {
    house.camera.send(picture);
    for (const ms of [0, 20]) {
      const arrivedAt = picture.arrivedAt + ms;
      const data = Buffer.alloc(160, 0xff);
      house.camera.send(makeSound({ timestamp: (arrivedAt - at + since) * 8, arrivedAt, data }));
    }
    await house.clock.advance(40);
  }
};

const filmed = async (seconds: number): Promise<House> => {
  const house = new House({ prerollMs: 10_000 });
  house.camera.tracks = [videoTrack, pcmu];
  house.stream.hold();
  await house.settle();
  for (let second = 0; second < seconds; second += 1) await film(house);
  return house;
};

interface Recording {
  readonly clip: Clip;
  /** What was read so far. */
  readonly types: () => readonly string[];
  readonly file: Promise<Buffer>;
}

const record = async (
  { stream, clock, log }: House,
  openConverter: OpenSoundConverter,
  { afterMs = 0, signal = never } = {},
): Promise<Recording> => {
  const clip = await recordClip({ stream, openConverter, clock, log, beforeMs: 3_000, afterMs }, { signal });
  const chunks: Uint8Array[] = [];
  const read = async (): Promise<Buffer> => {
    for await (const chunk of clip.chunks) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const file = read();
  file.catch(() => undefined);
  await clock.advance(1);
  return { clip, file, types: () => readBoxes(Buffer.concat(chunks)).map(({ type }) => type) };
};

/** Of each fragment, the samples of picture and of sound. */
const samples = (file: Buffer): readonly (readonly number[])[] =>
  readBoxes(file)
    .filter(({ type }) => type === "moof")
    .map(({ children }) =>
      children
        .filter(({ type }) => type === "traf")
        .map((traf) => traf.children.find(({ type }) => type === "trun")?.content.readUInt32BE(4) ?? 0),
    );

const warnings = ({ log }: House): readonly string[] =>
  log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);

describe("A clip of a camera whose sound no file can have", () => {
  it("has it converted from the first picture on, the past at once and nothing twice", async () => {
    await using house = await filmed(5);
    const converter = new FakeConverter();
    const { clip, file } = await record(house, converter.open);
    expect(clip.mime).toBe('video/mp4; codecs="avc1.42c01f,mp4a.40.2"');
    const bytes = await file;
    expect(converter.taken).toHaveLength(150);
    expect(new Set(converter.taken.map(({ timestamp }) => timestamp)).size).toBe(150);
    expect(samples(bytes).map(([pictures]) => pictures)).toEqual([25, 25, 25]);
    // 3 s of 64 ms each.
    expect(samples(bytes).reduce((sum, [, sounds = 0]) => sum + sounds, 0)).toBe(47);
    expect(converter.closed).toBe(true);
  });

  it("holds its pictures back while the sound beside them is being converted, and no longer", async () => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    const { types, file } = await record(house, converter.open, { afterMs: 2_000 });
    await house.clock.advance(1_000);
    expect(types()).toEqual(["ftyp", "moov"]);
    converter.convert();
    await house.clock.advance(1);
    expect(types()).toEqual(["ftyp", "moov", "moof", "mdat", "moof", "mdat"]);
    await house.clock.advance(2_000);
    expect(samples(await file).map(([, sounds]) => sounds)).toEqual([expect.any(Number), 15, expect.any(Number)]);
    expect(warnings(house)).toEqual([]);
  });

  it("goes on without sound that does not come", async () => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    const { types, file } = await record(house, converter.open, { afterMs: 20_000 });
    await house.clock.advance(4_990);
    expect(types()).toEqual(["ftyp", "moov"]);
    await house.clock.advance(20);
    expect(types()).toEqual(["ftyp", "moov", "moof", "mdat", "moof", "mdat"]);
    expect(warnings(house)).toEqual(["a clip goes on without the sound that is late"]);
    await house.clock.advance(20_000);
    expect(samples(await file).map(([pictures]) => pictures)).toEqual([25, 25, 25]);
  });

  it("goes on without sound once its converter has failed", async () => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    const { types, file } = await record(house, converter.open, { afterMs: 1_000 });
    converter.fail();
    await house.clock.advance(1);
    expect(types()).toEqual(["ftyp", "moov", "moof", "mdat", "moof", "mdat"]);
    await film(house);
    await house.clock.advance(1_000);
    expect(samples(await file).map(([pictures]) => pictures)).toEqual([25, 25, 25, 25]);
    expect(warnings(house)).toEqual(["the rest of a clip has no sound"]);
  });

  it("waits for its last sound within bounds", async () => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    converter.onFinish = () => new Promise(() => undefined);
    const { file, types } = await record(house, converter.open);
    await house.clock.advance(4_990);
    expect(types()).toEqual(["ftyp", "moov"]);
    await house.clock.advance(20);
    expect(samples(await file).map(([pictures]) => pictures)).toEqual([25, 25, 25]);
    expect(warnings(house)).toEqual(["the end of a clip has no sound"]);
  });

  it("waits for it for as long as more of it comes, as on a box that is slow to convert it", async () => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    converter.onFinish = async () => {
      for (const part of [0.3, 0.6, 1]) {
        await house.clock.delay(4_900, { signal: never });
        converter.convert(part);
      }
    };
    const { file } = await record(house, converter.open);
    await house.clock.advance(3 * 4_900);
    expect(samples(await file).reduce((sum, [, sounds = 0]) => sum + sounds, 0)).toBe(47);
    expect(warnings(house)).toEqual([]);
  });

  it("has none on a box that cannot convert it, and says so", async () => {
    await using house = await filmed(3);
    const { clip, file } = await record(house, noConverter);
    expect(clip.mime).toBe('video/mp4; codecs="avc1.42c01f"');
    expect(samples(await file)).toEqual([[25], [25], [25]]);
    expect(warnings(house)).toEqual(["a clip has no sound"]);
  });

  it.each([["opened"], ["read"]])("lets go of its converter for a reader that leaves while it is %s", async (when) => {
    await using house = await filmed(3);
    const converter = new FakeConverter();
    const leaving = new AbortController();
    const { signal } = leaving;
    const open: OpenSoundConverter = async (conversion, sink, within) => {
      if (when === "opened") leaving.abort(failure("aborted"));
      return converter.open(conversion, sink, within);
    };
    const recording = record(house, open, { afterMs: 60_000, signal });
    if (when === "opened") await expect(recording).rejects.toMatchObject({ code: "aborted" });
    else {
      const { file } = await recording;
      leaving.abort(failure("aborted"));
      await expect(file).rejects.toMatchObject({ code: "aborted" });
    }
    expect([converter.closed, house.stream.status.viewers]).toEqual([true, 0]);
  });
});
