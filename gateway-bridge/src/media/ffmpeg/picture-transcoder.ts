import { GatehouseError, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import { FlvReader, type FlvVideo } from "../../protocols/flv/reader.ts";
import { beginMatroska, writePicture } from "../../protocols/matroska/video-writer.ts";
import type { FfmpegProcess } from "./ffmpeg-process.ts";
import type { Ffmpeg } from "./ffmpeg.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { encodeArguments } from "./picture-encoders.ts";

export interface PictureTranscoderOptions {
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly from: VideoCodec;
  /** H.264, with timestamps of the pictures that went in; key pictures carry their parameter sets. */
  readonly onUnit: (unit: VideoUnit) => void;
  /** There is room again after `write` had returned false. */
  readonly onRoom: () => void;
}

/** Some pictures; more wait with the session, which leaves out whole groups of them. */
const maxPending = 256 * 1_024;
/** From the first picture in to the first one out, on a small box. */
const hangMs = 10_000;
/** Pictures within the transcoder: it holds back a few for reordering. */
const mostInside = 512;
const ticksPerMs = 90;

/** One ffmpeg that turns one track of video into H.264. */
export class PictureTranscoder implements AsyncDisposable {
  readonly #options: PictureTranscoderOptions;
  readonly #reader = new FlvReader();
  readonly #answers: AnswerWatch;
  /** Timestamps of the pictures inside, by the ms that ffmpeg knows them by. */
  readonly #inside = new Map<number, number>();
  #process: FfmpegProcess | undefined;
  /** Ticks that are 0 ms to ffmpeg. */
  #start: number | undefined;
  #parameterSets: readonly Buffer[] = [];

  private constructor(options: PictureTranscoderOptions) {
    this.#options = options;
    this.#answers = new AnswerWatch({ clock: options.clock, ms: hangMs, units: 25 });
  }

  /** @throws GatehouseError `transcoder-missing` */
  static async open(options: PictureTranscoderOptions, cancel: Cancellable): Promise<PictureTranscoder> {
    const transcoder = new PictureTranscoder(options);
    await transcoder.#open(cancel);
    return transcoder;
  }

  /** Takes a picture, always. False means full: more only after `onRoom`. Begins with a key picture. */
  write(unit: VideoUnit): boolean {
    this.#start ??= unit.timestamp;
    const time = Math.round((unit.timestamp - this.#start) / ticksPerMs);
    if (time < 0) return true;
    if (this.#inside.size >= mostInside) this.#inside.delete(this.#inside.keys().next().value ?? 0);
    this.#inside.set(time, unit.timestamp);
    this.#answers.noteInput();
    return this.#process?.write(writePicture({ time, key: unit.key, nals: unit.nals })) ?? true;
  }

  /** Waits for its end, which comes only as an error: `transcode-failed`, or the signal's reason. */
  async failed({ signal }: Cancellable): Promise<never> {
    const exited = this.#process?.exited.then(({ error }) => error) ?? this.#answers.hung;
    const ended = await untilAborted(signal, Promise.race([exited, this.#answers.hung]));
    throw ended ?? new GatehouseError("transcode-failed", "ffmpeg ended although there were more pictures.");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }

  async #open(cancel: Cancellable): Promise<void> {
    const { ffmpeg, from, onRoom } = this.#options;
    const found = await ffmpeg.found(cancel);
    const { picture } = found;
    if (picture === undefined)
      throw new GatehouseError("transcoder-missing", "The box's ffmpeg has no encoder for H.264.");
    const input = ["-flags", "low_delay", "-probesize", "32", "-analyzeduration", "0", "-copyts", "-f", "matroska"];
    const onOutput = (piece: Buffer): void => {
      for (const video of this.#reader.push(piece)) this.#output(video);
    };
    const options = { work: "picture", onOutput, onRoom, maxPending, devices: picture.devices } as const;
    this.#process = await ffmpeg.start(encodeArguments(picture, found, input), options, cancel);
    this.#process.write(beginMatroska(from));
  }

  #output(video: FlvVideo): void {
    if (video.kind === "parameters") {
      this.#parameterSets = [video.sps, video.pps];
      return;
    }
    this.#answers.noteOutput();
    const timestamp = this.#inside.get(video.time);
    // A picture that was never put in, or long ago.
    if (timestamp === undefined) return;
    this.#inside.delete(video.time);
    const { key } = video;
    const nals = key ? [...this.#parameterSets, ...video.nals] : video.nals;
    const bytes = nals.reduce((sum, { length }) => sum + length, 0);
    const { clock, onUnit } = this.#options;
    onUnit({ kind: "video", timestamp, key, nals, bytes, arrivedAt: clock.monotonic() });
  }
}
