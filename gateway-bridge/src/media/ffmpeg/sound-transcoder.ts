import { GatehouseError, untilAborted, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { ownBytes } from "../../protocols/rtp/own-bytes.ts";
import { AnswerWatch } from "./answer-watch.ts";
import type { FfmpegProcess } from "./ffmpeg-process.ts";
import type { Ffmpeg } from "./ffmpeg.ts";
import { SoundClock } from "./sound-clock.ts";
import { feedOf, takeOf, type SoundFeed, type SoundShape, type SoundTake, type SoundTarget } from "./sound-format.ts";

export interface SoundTranscoderOptions {
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly from: AudioTrack;
  readonly to: SoundTarget;
  /** Of the outcome; that of `from` where it is left out. */
  readonly shape?: SoundShape;
  /** What may wait to be transcoded, in bytes: some seconds of G.711 unless told. More is left out. */
  readonly maxPending?: number;
  /** Timestamps are media time as the input's, in ticks of the outcome's clock. */
  readonly onUnit: (unit: AudioUnit) => void;
}

/** Live sound that waits longer is of no use. */
const fewSeconds = 64 * 1_024;
/** It answers within tenths of a second; one that takes sound for this long and gives none hangs. */
const hangMs = 5_000;

/** Sound that cannot be decoded becomes silence of the same length: whoever counts samples keeps the time. */
const keepTime = ["-af", "aresample=async=1:min_hard_comp=0.04:first_pts=0"];

const sharedArguments = ["-hide_banner", "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "pipe"];

/** One ffmpeg that turns one track of sound into another codec. */
export class SoundTranscoder implements AsyncDisposable {
  readonly #options: SoundTranscoderOptions;
  readonly #feed: SoundFeed;
  readonly #take: SoundTake;
  readonly #times = new SoundClock();
  #process: FfmpegProcess | undefined;
  /** Ticks that came out. */
  #position = 0;
  readonly #answers: AnswerWatch;
  #dropped = 0;

  private constructor(options: SoundTranscoderOptions) {
    this.#options = options;
    this.#feed = feedOf(options.from);
    this.#take = takeOf(options.to, options.shape ?? options.from);
    this.#answers = new AnswerWatch({ clock: options.clock, ms: hangMs, units: 50 });
  }

  /** @throws GatehouseError `transcoder-missing`, or `codec-unsupported` for sound that cannot be handed over */
  static async open(options: SoundTranscoderOptions, cancel: Cancellable): Promise<SoundTranscoder> {
    const transcoder = new SoundTranscoder(options);
    await transcoder.#start(cancel);
    return transcoder;
  }

  /** What comes out. */
  get track(): AudioTrack {
    return this.#take.track;
  }

  /** Units that were left out: it was behind, or they were malformed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never throws. What it has no room for is left out. */
  write(unit: AudioUnit): void {
    const { from } = this.#options;
    try {
      if (this.#process === undefined || this.#process.full) this.#dropped += 1;
      else {
        const { bytes, duration } = this.#feed.wrap(unit);
        this.#process.write(bytes);
        this.#times.enter((unit.timestamp * 1_000) / from.clockRate, duration);
      }
    } catch {
      this.#dropped += 1;
    }
    this.#answers.noteInput();
  }

  /** Waits for its end, which comes only as an error: `transcode-failed`, or the signal's reason. */
  async failed({ signal }: Cancellable): Promise<never> {
    const exited = this.#process?.exited.then(({ error }) => error) ?? this.#answers.hung;
    const ended = await untilAborted(signal, Promise.race([exited, this.#answers.hung]));
    throw ended ?? new GatehouseError("transcode-failed", "ffmpeg ended although there was more sound.");
  }

  /** Nothing more goes in: resolves when all has come out, or when it ended otherwise. */
  async finish({ signal }: Cancellable): Promise<void> {
    this.#process?.finish();
    if (this.#process !== undefined) await untilAborted(signal, this.#process.exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }

  async #start(cancel: Cancellable): Promise<void> {
    const { args, begin } = this.#feed;
    const input = ["-probesize", "32", "-analyzeduration", "0", ...args, "-i", "pipe:0", "-map", "0:a:0", ...keepTime];
    const line = [...sharedArguments, ...input, ...this.#take.args, "-flush_packets", "1", "pipe:1"];
    const onOutput = (piece: Buffer): void => this.#output(piece);
    const { ffmpeg, maxPending = fewSeconds } = this.#options;
    this.#process = await ffmpeg.start(line, { work: "sound", onOutput, maxPending }, cancel);
    if (begin.length > 0) this.#process.write(begin);
  }

  #output(piece: Buffer): void {
    const { clock, onUnit } = this.#options;
    const { track, leadIn, take } = this.#take;
    this.#answers.noteOutput();
    for (const { data: view, duration } of take(piece)) {
      const at = this.#times.leave(((this.#position - leadIn) * 1_000) / track.clockRate);
      this.#position += duration;
      if (at === undefined) continue;
      const timestamp = Math.round((at * track.clockRate) / 1_000);
      const data = ownBytes(view);
      onUnit({ kind: "audio", timestamp, data, bytes: data.length, arrivedAt: clock.monotonic() });
    }
  }
}
