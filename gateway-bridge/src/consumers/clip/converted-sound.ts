import {
  GatehouseError,
  isGatehouseError,
  stopped,
  untilAborted,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack } from "../../domain/track.ts";
import type { OpenSoundConverter, SoundConverter } from "../../media/ffmpeg/sound-converter.ts";

export interface ConvertedSoundOptions {
  /** The camera's. */
  readonly track: AudioTrack;
  /** What comes at once, before live sound. */
  readonly pastBytes: number;
  readonly openConverter: OpenSoundConverter;
  /** Takes what comes out. */
  readonly onUnit: (unit: AudioUnit) => void;
  /** A picture that was held back may pass now. */
  readonly onProgress: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Some seconds of the largest sound that cameras send, beside the past. */
const livePending = 512 * 1_024;
/** Encoders keep the last tenths of a second until more comes. A file takes sound that is so much later than its picture. */
const keptBackMs = 400;
/** Until some sound comes out: seconds of it are converted in a tenth of one, but a busy box takes its time to start what converts it. */
const patienceMs = 5_000;

/**
 * A camera's sound as AAC, converted for one clip alone: what was before it was asked for first, then what is live. That takes
 * a moment, in which pictures are held back, so that the file has both side by side.
 */
export class ConvertedSound implements AsyncDisposable {
  readonly #options: ConvertedSoundOptions;
  readonly #closing = new AbortController();
  /** Aborted where the last sound does not come. */
  readonly #late = new AbortController();
  #converter: SoundConverter | undefined;
  /** Media time, in ms, of the newest sound that went in, and of the newest that came out. */
  #entered: number | undefined;
  #left = 0;
  #failed = false;
  #finished = false;
  #patience: Disposable | undefined;

  private constructor(options: ConvertedSoundOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError as `OpenSoundConverter` does; or the signal's reason */
  static async open(options: ConvertedSoundOptions, cancel: Cancellable): Promise<ConvertedSound> {
    const sound = new ConvertedSound(options);
    await sound.#begin(cancel);
    return sound;
  }

  /** What comes out. */
  get track(): AudioTrack | undefined {
    return this.#converter?.track;
  }

  /** What went in before is left out: the past may come again. */
  write(unit: AudioUnit): void {
    const at = (unit.timestamp * 1_000) / this.#options.track.clockRate;
    if (this.#entered !== undefined && at <= this.#entered) return;
    if (this.#entered === undefined) this.#left = at;
    this.#entered = at;
    this.#converter?.write(unit);
  }

  /** Whether sound of before that moment of media time, in ms, is still being converted; `onProgress` tells when to ask again. */
  holdsBack(ms: number): boolean {
    if (this.#failed || this.#entered === undefined) return false;
    if (Math.min(ms, this.#entered) - this.#left <= keptBackMs) return false;
    this.#await();
    return true;
  }

  /** Nothing more is written: resolves when all has come out, or when no more of it came for a while. Never rejects. */
  async finish(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#late.signal]);
    this.#finished = true;
    this.#stopWaiting();
    this.#await();
    try {
      if (this.#converter !== undefined) await untilAborted(signal, this.#converter.finish({ signal }));
    } catch (error) {
      if (!this.#closing.signal.aborted)
        this.#options.log.warn("the end of a clip has no sound", { error: String(error) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("closed"));
    this.#stopWaiting();
    await this.#converter?.[Symbol.asyncDispose]();
  }

  async #begin(cancel: Cancellable): Promise<void> {
    const { track, pastBytes, openConverter } = this.#options;
    const to: AudioTrack = { kind: "audio", codec: "aac", clockRate: track.clockRate, channels: track.channels };
    const maxPending = pastBytes + livePending;
    const take = (unit: AudioUnit): void => this.#converted(unit);
    this.#converter = await openConverter({ from: track, to, maxPending }, take, cancel);
    this.#converter.failed({ signal: this.#closing.signal }).catch((error: unknown) => this.#fail(error));
  }

  #converted(unit: AudioUnit): void {
    if (this.#closing.signal.aborted) return;
    const { clockRate = 1 } = this.track ?? {};
    this.#left = Math.max(this.#left, (unit.timestamp * 1_000) / clockRate);
    this.#options.onUnit(unit);
    this.#progress();
  }

  #progress(): void {
    this.#stopWaiting();
    if (this.#finished) this.#await();
    this.#options.onProgress();
  }

  #await(): void {
    this.#patience ??= this.#options.clock.schedule(patienceMs, () => this.#giveUpWaiting());
  }

  #stopWaiting(): void {
    this.#patience?.[Symbol.dispose]();
    this.#patience = undefined;
  }

  /** A picture never stays away because of its sound. */
  #giveUpWaiting(): void {
    if (this.#finished) {
      this.#late.abort(new GatehouseError("timeout", `no more of a clip's sound came within ${patienceMs} ms`));
      return;
    }
    this.#options.log.warn("a clip goes on without the sound that is late", { ms: patienceMs });
    this.#left = this.#entered ?? this.#left;
    this.#progress();
  }

  #fail(error: unknown): void {
    this.#failed = true;
    if (this.#finished || this.#closing.signal.aborted) return;
    this.#options.log.warn("the rest of a clip has no sound", {
      code: isGatehouseError(error) ? error.code : undefined,
      error: String(error),
    });
    this.#progress();
  }
}
