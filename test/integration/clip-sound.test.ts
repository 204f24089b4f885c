import { expect, it } from "@jest/globals";
import { GatehouseError, systemClock } from "@gatehouse/shared";

import { recordClip, type Clip } from "../../gateway-bridge/src/consumers/clip/record-clip.ts";
import type { AudioCodec } from "../../gateway-bridge/src/domain/track.ts";
import { openSoundConverter, type OpenSoundConverter } from "../../gateway-bridge/src/media/ffmpeg/sound-converter.ts";
import { eventually } from "../support/eventually.ts";
import { makeMediaFrom } from "../support/media-files.ts";
import { describeWith } from "../support/needs.ts";
import { untilDescendants } from "../support/descendants.ts";
import { listenFor } from "../support/tone.ts";
import { TranscodingHouse } from "../support/transcoding-house.ts";

const cancel = { signal: new AbortController().signal };
/** Looks a second. */
const rate = 100;
const samplesPerLook = 16_000 / rate;

/** For every hundredth of a second of a file, whether it is bright, and whether it is loud. */
interface Timeline {
  readonly bright: readonly boolean[];
  readonly loud: readonly boolean[];
  readonly samples: Int16Array;
}

const play = async (file: Buffer): Promise<Timeline> => {
  const picture = ["-vf", `fps=${rate},scale=1:1,format=gray`, "-f", "rawvideo"];
  const sound = ["-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-ar", "16000", "-ac", "1"];
  const shown = await makeMediaFrom(file, "-i", "pipe:0", "-map", "0:v", ...picture);
  const heard = await makeMediaFrom(file, "-i", "pipe:0", "-map", "0:a", ...sound);
  const samples = new Int16Array(heard.buffer, heard.byteOffset, Math.floor(heard.length / 2));
  const looks = Array.from({ length: Math.floor(samples.length / samplesPerLook) }, (_, index) =>
    samples.subarray(index * samplesPerLook, (index + 1) * samplesPerLook),
  );
  return {
    bright: [...shown].map((level) => level > 127),
    loud: looks.map((look) => look.some((sample) => Math.abs(sample) > 3_000)),
    samples,
  };
};

/** Seconds at which it begins to be so. */
const onsets = (states: readonly boolean[]): readonly number[] =>
  states.flatMap((state, index) => (state && states[index - 1] === false ? [index / rate] : []));

const readAll = async ({ chunks }: Clip, read: Uint8Array[] = []): Promise<Buffer> => {
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
};

/** A camera that is dark and still for a second, and bright and loud for the next, over and over. */
const blinking = (audio: AudioCodec, prerollMs: number): Promise<TranscodingHouse> =>
  TranscodingHouse.open({ codec: "h264", size: "320x180", audio, gop: 25, whiteAt: 1, prerollMs });

/** It blinks every other second, each time with its tone. */
const expectBlinks = (file: Timeline, seconds: number): void => {
  const [seen, heard] = [onsets(file.bright), onsets(file.loud)];
  expect(seen.length).toBeGreaterThanOrEqual(Math.floor(seconds / 2));
  expect(heard).toHaveLength(seen.length);
  for (const [index, at] of seen.entries()) expect(Math.abs((heard[index] ?? 0) - at)).toBeLessThanOrEqual(0.06);
  const [first = 0] = heard;
  const tone = listenFor(440, file.samples.subarray((first + 0.1) * 16_000, (first + 0.8) * 16_000), 16_000);
  expect(tone.purity).toBeGreaterThan(0.9);
};

describeWith(["ffmpeg"], "The sound of a clip", () => {
  /** A house that has `pastMs` of pictures and sound. */
  const filmed = async (audio: AudioCodec, pastMs: number): Promise<TranscodingHouse> => {
    const house = await blinking(audio, pastMs);
    house.base.hold();
    await eventually("the camera's connection", () => house.base.video !== undefined);
    house.sendPast(pastMs);
    return house;
  };
  const record = (house: TranscodingHouse, beforeMs: number, afterMs: number): Promise<Clip> => {
    const { base: stream, log, ffmpeg } = house;
    const openConverter: OpenSoundConverter = (conversion, sink, within) =>
      openSoundConverter({ ...conversion, ffmpeg, clock: systemClock }, sink, within);
    return recordClip({ stream, beforeMs, afterMs, openConverter, clock: systemClock, log }, cancel);
  };

  it.each<AudioCodec>(["pcmu", "pcma", "l16"])(
    "of a camera with %s is there from the first picture of the past on, beside its pictures",
    async (audio) => {
      await using house = await filmed(audio, 20_000);
      const clip = await record(house, 16_000, 0);
      expect(clip.mime).toBe('video/mp4; codecs="avc1.42c00c,mp4a.40.2"');
      const file = await play(await readAll(clip));
      expect([file.bright.length, file.loud.length].map((looks) => Math.round(looks / rate))).toEqual([16, 16]);
      expectBlinks(file, 16);
      await untilDescendants("ffmpeg", 0);
    },
  );

  it("goes on from the past into what is live without a seam", async () => {
    await using house = await filmed("pcma", 4_000);
    house.play();
    const clip = await record(house, 4_000, 4_000);
    const file = await play(await readAll(clip));
    expect(file.loud.length / rate).toBeGreaterThan(7);
    expectBlinks(file, 7);
    expect(house.log.lines.filter(({ level }) => level === "warn")).toEqual([]);
  });

  it("is silence from where its process was killed, and the clip is whole", async () => {
    await using house = await filmed("pcmu", 4_000);
    house.play();
    const clip = await record(house, 4_000, 60_000);
    const chunks: Uint8Array[] = [];
    const reading = readAll(clip, chunks);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    await eventually("the past", () => chunks.length > 3);
    process.kill(pid, "SIGKILL");
    const told = () => house.log.lines.map(({ message }) => message);
    await eventually("it is noticed", () => told().includes("the rest of a clip has no sound"));
    const sent = house.sent.length;
    // A hundred pictures later, each with two pieces of sound, the camera is lost, and with it the clip ends.
    await eventually("four seconds more", () => house.sent.length >= sent + 300);
    house.camera.break(new GatehouseError("camera-unreachable", "gone"));
    const file = await play(await reading);
    expect(onsets(file.bright).length).toBeGreaterThanOrEqual(3);
    expect(file.loud.length / rate).toBeGreaterThan(6);
    expect(onsets(file.loud)[0]).toBeCloseTo(onsets(file.bright)[0]!, 1);
    expect(file.loud.slice(-200)).not.toContain(true);
  });
});
