import { beforeAll, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import type { AudioUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { AudioCodec, AudioTrack } from "../../gateway-bridge/src/domain/track.ts";
import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { openSoundConverter } from "../../gateway-bridge/src/media/ffmpeg/sound-converter.ts";
import type { SoundTarget } from "../../gateway-bridge/src/media/ffmpeg/sound-format.ts";
import { SoundTranscoder } from "../../gateway-bridge/src/media/ffmpeg/sound-transcoder.ts";
import { writeAdts } from "../../gateway-bridge/src/protocols/aac/adts.ts";
import { parseAudioSpecificConfig } from "../../gateway-bridge/src/protocols/aac/audio-specific-config.ts";
import { OggOpusWriter } from "../../gateway-bridge/src/protocols/ogg/opus-writer.ts";
import { descendants, untilDescendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { decodeSound, makeSound } from "../support/media-files.ts";
import { describeWith } from "../support/needs.ts";

const cancel = { signal: new AbortController().signal };

/** The units' sound as samples of 16 kHz. */
const decode = async ({ codec, channels, config }: AudioTrack, units: readonly AudioUnit[]): Promise<Int16Array> => {
  const all = units.map(({ data }) => data);
  if (codec === "opus") {
    const writer = new OggOpusWriter(channels);
    return await decodeSound(["ogg"], Buffer.concat([writer.begin(), ...all.map((data) => writer.write(data, 960))]));
  }
  if (codec === "l16") return await decodeSound(["s16be", "-ar", "16000", "-ac", "1"], Buffer.concat(all));
  const law = codec === "pcmu" ? "mulaw" : "alaw";
  if (codec !== "aac") return await decodeSound([law, "-ar", "8000", "-ac", "1"], Buffer.concat(all));
  const aac = parseAudioSpecificConfig(config!)!;
  return await decodeSound(["aac"], Buffer.concat(all.flatMap((data) => [writeAdts(aac, data.length), data])));
};

/** What cameras play, in samples a second. */
const loudspeakers = { pcmu: 8_000, pcma: 8_000, l16: 16_000 } as const;

/** Seconds from the beginning up to where the tone is heard. */
const onset = (samples: Int16Array): number => samples.findIndex((sample) => Math.abs(sample) > 3_000) / 16_000;

/** Hertz, by counting zero crossings in half a second of the tone. */
const pitch = (samples: Int16Array, from: number): number => {
  const part = samples.subarray(from * 16_000, (from + 0.5) * 16_000);
  return part.reduce((count, sample, at) => count + (at > 0 && sample >= 0 && part[at - 1]! < 0 ? 1 : 0), 0) * 2;
};

describeWith(["ffmpeg"], "Transcoded sound", () => {
  const ffmpeg = Ffmpeg.create({
    searchPath: "/usr/bin:/bin",
    unsandboxed: true,
    clock: systemClock,
    log: new MemoryLogger(),
  });
  beforeAll(() => ffmpeg.status(cancel));

  /** Puts the units in, each lasting `duration` ticks, from `start` on, and collects what comes out. */
  const transcode = async (
    from: AudioCodec,
    to: SoundTarget,
    timestampOf: (index: number, duration: number) => number,
  ): Promise<{ readonly track: AudioTrack; readonly units: readonly AudioUnit[] }> => {
    const sound = await makeSound(from, { seconds: 2, toneAt: 1 });
    const units: AudioUnit[] = [];
    const onUnit = (unit: AudioUnit): void => void units.push(unit);
    const shape =
      to in loudspeakers ? { clockRate: loudspeakers[to as keyof typeof loudspeakers], channels: 1 } : undefined;
    await using transcoder = await SoundTranscoder.open(
      { ffmpeg, clock: systemClock, from: sound.track, to, onUnit, ...(shape && { shape }) },
      cancel,
    );
    for (const [index, data] of sound.units.entries()) {
      const timestamp = timestampOf(index, sound.duration);
      transcoder.write({ kind: "audio", timestamp, data, bytes: data.length, arrivedAt: 0 });
    }
    const { clockRate } = transcoder.track;
    const span = (): number => ((units.at(-1)?.timestamp ?? 0) - (units[0]?.timestamp ?? 0)) / clockRate;
    await eventually("nearly all sound", () => span() > 1.75);
    expect(transcoder.dropped).toBe(0);
    return { track: transcoder.track, units };
  };

  it.each<[AudioCodec, SoundTarget]>([
    ["aac", "opus"],
    ["pcmu", "opus"],
    ["pcma", "opus"],
    ["l16", "opus"],
    ["opus", "aac"],
    ["pcma", "aac"],
    ["l16", "aac"],
    ["opus", "pcmu"],
    ["aac", "pcma"],
    ["pcmu", "l16"],
    ["opus", "l16"],
  ])("of %s is heard as %s, at the time and the pitch that it had", async (from, to) => {
    const { track, units } = await transcode(from, to, (index, duration) => 7_000_000 + index * duration);
    expect(track).toMatchObject({ codec: to, channels: 1 });
    const sound = await makeSound(from, { seconds: 2, toneAt: 1 });
    const began = units[0]!.timestamp / track.clockRate - 7_000_000 / sound.track.clockRate;
    const samples = await decode(track, units);
    // What the camera's own encoder delayed stays so.
    const own = from === "aac" ? 0.064 : from === "opus" ? 0.0065 : 0;
    expect(Math.abs(began + onset(samples) - (1 + own))).toBeLessThan(0.025);
    expect(Math.abs(pitch(samples, 1.2) - 440)).toBeLessThanOrEqual(4);
    const steps = new Set(units.slice(1).map(({ timestamp }, index) => timestamp - units[index]!.timestamp));
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
  });

  it("follows a gap in the camera's sound, to the unit", async () => {
    const gap = 10 * 16_000;
    const { units } = await transcode("aac", "opus", (index, duration) => index * duration + (index < 10 ? 0 : gap));
    const leaps = units.slice(1).map(({ timestamp }, index) => timestamp - units[index]!.timestamp);
    expect(leaps.filter((leap) => leap !== 960)).toEqual([expect.any(Number)]);
    const at = leaps.findIndex((leap) => leap !== 960);
    expect(leaps[at]).toBe(960 + 10 * 48_000);
    expect(Math.abs(units[at]!.timestamp / 48_000 - 0.64)).toBeLessThan(0.03);
  });

  it.each<AudioCodec>(["aac", "opus"])("keeps its time when %s cannot be decoded for a while", async (codec) => {
    const sound = await makeSound(codec, { seconds: 4, toneAt: 3 });
    const units: AudioUnit[] = [];
    const onUnit = (unit: AudioUnit): void => void units.push(unit);
    const options = { ffmpeg, clock: systemClock, from: sound.track, to: "opus", onUnit } as const;
    await using transcoder = await SoundTranscoder.open(options, cancel);
    for (const [index, data] of sound.units.entries()) {
      const timestamp = index * sound.duration;
      const second = timestamp / sound.track.clockRate;
      const spoilt = second > 0.5 && second < 1.5;
      const damaged = codec === "aac" ? Buffer.alloc(data.length, 0xff) : Buffer.from([data[0]! | 3, 0xff, 0, 0]);
      const sent = spoilt ? damaged : data;
      transcoder.write({ kind: "audio", timestamp, data: sent, bytes: sent.length, arrivedAt: 0 });
    }
    await eventually("sound to the end", () => (units.at(-1)?.timestamp ?? 0) > 3.7 * 48_000);
    const samples = await decode(transcoder.track, units);
    // What it makes of damage is loud, and over after a second and a half.
    const quiet = units.findIndex(({ timestamp }) => timestamp > 2 * 48_000);
    const heard = units[quiet + Math.floor(onset(samples.subarray(quiet * 320)) / 0.02)]!.timestamp / 48_000;
    expect(Math.abs(heard - 3 - (codec === "aac" ? 0.064 : 0))).toBeLessThan(0.05);
  });

  it("survives packets that are none, and leaves them out", async () => {
    const sound = await makeSound("aac", { seconds: 1, toneAt: 0 });
    const units: AudioUnit[] = [];
    const onUnit = (unit: AudioUnit): void => void units.push(unit);
    await using transcoder = await SoundTranscoder.open(
      { ffmpeg, clock: systemClock, from: sound.track, to: "opus", onUnit },
      cancel,
    );
    for (const [index, data] of sound.units.entries()) {
      const spoilt = index % 5 === 4 ? Buffer.alloc(data.length, 0xff) : data;
      transcoder.write({ kind: "audio", timestamp: index * 1_024, data: spoilt, bytes: data.length, arrivedAt: 0 });
    }
    transcoder.write({ kind: "audio", timestamp: 0, data: Buffer.alloc(9_000), bytes: 9_000, arrivedAt: 0 });
    expect(transcoder.dropped).toBe(1);
    await eventually("sound to the end", () => (units.at(-1)?.timestamp ?? 0) > 0.7 * 48_000);
  });

  it("leaves nothing behind when it is closed in the middle of being started", async () => {
    const { track } = await makeSound("pcmu", { seconds: 1, toneAt: 0 });
    const options = { ffmpeg, clock: systemClock, from: track, to: "opus", onUnit: () => undefined } as const;
    for (let round = 0; round < 20; round += 1) {
      const transcoder = await SoundTranscoder.open(options, cancel);
      await transcoder[Symbol.asyncDispose]();
    }
    expect(await descendants("ffmpeg", "bwrap")).toEqual([]);
  });

  it("ends with an error when its process is killed", async () => {
    const { track } = await makeSound("pcmu", { seconds: 1, toneAt: 0 });
    const options = { ffmpeg, clock: systemClock, from: track, to: "opus", onUnit: () => undefined } as const;
    await using transcoder = await SoundTranscoder.open(options, cancel);
    const [pid = 0] = await untilDescendants("ffmpeg", 1);
    const failed = expect(transcoder.failed(cancel)).rejects.toMatchObject({ code: "transcode-failed" });
    process.kill(pid, "SIGKILL");
    await failed;
  });
});

describeWith(["ffmpeg"], "openSoundConverter", () => {
  const from: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };
  const unit: AudioUnit = { kind: "audio", timestamp: 160, data: Buffer.alloc(160, 0xff), bytes: 160, arrivedAt: 1 };

  it("needs no process between the two G.711 laws, or for the same codec", async () => {
    const heard: AudioUnit[] = [];
    const to: AudioTrack = { ...from, codec: "pcma" };
    const options = { from, ffmpeg: undefined, clock: systemClock };
    await using crossing = await openSoundConverter({ ...options, to }, (sound) => void heard.push(sound), cancel);
    await using passing = await openSoundConverter({ ...options, to: from }, (sound) => void heard.push(sound), cancel);
    crossing.write(unit);
    passing.write(unit);
    expect(heard).toEqual([{ ...unit, data: Buffer.alloc(160, 0xd5) }, unit]);
  });

  it("says that it needs ffmpeg for anything else", async () => {
    const to: AudioTrack = { ...from, codec: "aac", clockRate: 16_000 };
    const open = openSoundConverter({ from, to, ffmpeg: undefined, clock: systemClock }, () => undefined, cancel);
    await expect(open).rejects.toMatchObject({ code: "transcoder-missing" });
  });
});
