import { systemClock, type CameraId } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { setTimeout as pause } from "node:timers/promises";

import type { AccessUnit, VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { AudioCodec, Track, VideoCodec } from "../../gateway-bridge/src/domain/track.ts";
import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import type { Stream } from "../../gateway-bridge/src/media/stream.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import { FakeCamera, makeEndpoint } from "../../gateway-bridge/src/media/testing/fake-camera.ts";
import { RecordingViewer } from "../../gateway-bridge/src/media/testing/recording-viewer.ts";
import { nalType as nalType264 } from "../../gateway-bridge/src/protocols/h264/nal.ts";
import { splitAnnexB } from "../../gateway-bridge/src/protocols/nal/annex-b.ts";
import { makePictures, makeSound, type PictureOptions } from "./media-files.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const cancel = { signal: new AbortController().signal };
/** Parameter sets, SEI and delimiters stand before the picture that they belong to. */
const rules = {
  h264: (nal: Buffer) => ({ vcl: nalType264(nal) <= 5, key: nalType264(nal) === 5 }),
  h265: (nal: Buffer) => {
    const type = ((nal[0] ?? 0) >> 1) & 0x3f;
    return { vcl: type < 32, key: type >= 16 && type <= 21 };
  },
} as const;

/** One slice a picture. */
const picturesOf = (codec: VideoCodec, bytes: Buffer): readonly Pick<VideoUnit, "nals" | "key" | "bytes">[] => {
  const pictures: { nals: Buffer[]; key: boolean; bytes: number }[] = [];
  let nals: Buffer[] = [];
  for (const nal of splitAnnexB(bytes)) {
    nals.push(nal);
    const { vcl, key } = rules[codec](nal);
    if (!vcl) continue;
    pictures.push({ nals, key, bytes: nals.reduce((sum, { length }) => sum + length, 0) });
    nals = [];
  }
  return pictures;
};

export interface HouseOptions extends PictureOptions {
  readonly audio?: AudioCodec;
  readonly lingerMs?: number;
  readonly prerollMs?: number;
}

/** A camera that plays ffmpeg's test card over and over, and the streams of a gateway with a transcoder. */
export class TranscodingHouse implements AsyncDisposable {
  readonly camera = new FakeCamera();
  readonly log = new MemoryLogger();
  readonly ffmpeg: Ffmpeg;
  readonly streams: Streams;
  /** Everything that the camera sent. */
  readonly sent: AccessUnit[] = [];
  readonly #schedule: readonly { readonly at: number; readonly unit: AccessUnit }[];
  readonly #cycleMs: number;
  readonly #stopped = new AbortController();
  #played = 0;
  #playing: Promise<void> = Promise.resolve();

  private constructor(tracks: readonly Track[], units: readonly AccessUnit[], options: HouseOptions) {
    this.camera.tracks = tracks;
    this.#cycleMs = (options.seconds ?? 2) * 1_000;
    const rateOf = (unit: AccessUnit): number => tracks.find(({ kind }) => kind === unit.kind)?.clockRate ?? 1;
    this.#schedule = units
      .map((unit) => ({ at: (unit.timestamp * 1_000) / rateOf(unit), unit }))
      .sort((a, b) => a.at - b.at);
    const { log } = this;
    this.ffmpeg = Ffmpeg.create({ searchPath: "/usr/bin:/bin", unsandboxed: true, clock: systemClock, log });
    this.streams = Streams.create({
      endpoint: async (id, tier) => makeEndpoint(id, tier),
      openSource: this.camera.openSource,
      ...{ clock: systemClock, log, random: () => 0.5, ffmpeg: this.ffmpeg },
      ...{ lingerMs: options.lingerMs ?? 200, prerollMs: options.prerollMs ?? 0 },
    });
  }

  static async open(options: HouseOptions): Promise<TranscodingHouse> {
    const { codec, fps = 25, seconds = 2, audio } = options;
    const video: Track = { kind: "video", codec, clockRate: 90_000, parameterSets: undefined };
    const pictures = picturesOf(codec, await makePictures(options)).map((picture, index): AccessUnit => ({
      ...picture,
      kind: "video",
      timestamp: (index * 90_000) / fps,
      arrivedAt: 0,
    }));
    if (audio === undefined) return new TranscodingHouse([video], pictures, options);
    const sound = await makeSound(audio, { seconds, toneAt: options.whiteAt ?? 0 });
    const units = sound.units.map((data, index): AccessUnit => ({
      ...{ kind: "audio", timestamp: index * sound.duration, data, bytes: data.length, arrivedAt: 0 },
    }));
    return new TranscodingHouse([video, sound.track], [...pictures, ...units], options);
  }

  get base(): Stream {
    return this.streams.of(camera, "main");
  }

  /** Sends what the camera sends in `ms` of media, at once. */
  send(ms: number): void {
    const now = systemClock.monotonic();
    this.#send(ms, () => now);
  }

  /** Sends it at once too, as if it had come over the last `ms`. */
  sendPast(ms: number): void {
    const [now, until] = [systemClock.monotonic(), this.#played + ms];
    this.#send(ms, (moment) => now - until + moment);
  }

  #send(ms: number, arrivalOf: (moment: number) => number): void {
    const until = this.#played + ms;
    while (this.#played < until) {
      const cycle = Math.floor(this.#played / this.#cycleMs);
      const end = Math.min(until, (cycle + 1) * this.#cycleMs);
      for (const { at, unit } of this.#schedule) {
        const moment = cycle * this.#cycleMs + at;
        if (moment >= this.#played && moment < end) this.#emit(unit, cycle, arrivalOf(moment));
      }
      this.#played = end;
    }
  }

  /** From now on the camera sends in real time. */
  play(): void {
    const run = async (): Promise<void> => {
      let last = performance.now();
      while (!this.#stopped.signal.aborted) {
        await pause(10);
        const now = performance.now();
        this.send(now - last);
        last = now;
      }
    };
    this.#playing = run();
  }

  playable(video: readonly VideoCodec[], audio: readonly AudioCodec[]): Promise<Stream> {
    return this.streams.playable(camera, "main", { video, audio }, cancel);
  }

  watch(stream: Stream): RecordingViewer & Disposable {
    const viewer = new RecordingViewer();
    const session = stream.join(viewer);
    session.resume();
    return Object.assign(viewer, { [Symbol.dispose]: () => session[Symbol.dispose]() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#playing;
    await this.streams[Symbol.asyncDispose]();
  }

  #emit(unit: AccessUnit, cycle: number, arrivedAt: number): void {
    const rate = this.camera.tracks.find(({ kind }) => kind === unit.kind)?.clockRate ?? 1;
    const timestamp = unit.timestamp + Math.round((cycle * this.#cycleMs * rate) / 1_000);
    const sent = { ...unit, timestamp, arrivedAt };
    this.sent.push(sent);
    this.camera.send(sent);
  }
}
