import {
  GatehouseError,
  onAbort,
  toGatehouseError,
  withDeadline,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { Backlog } from "../../media/backpressure-policy.ts";
import type { OpenSoundConverter } from "../../media/ffmpeg/sound-converter.ts";
import { formOf, playableSound, type Mp4Form } from "../../media/mp4-form.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import type { Mp4AudioTrack } from "../../protocols/fmp4/mp4-track.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { ClipWriter } from "./clip-writer.ts";
import { ConvertedSound } from "./converted-sound.ts";

export interface ClipRequest {
  /** The camera's own: its sound is in the clip as it is where that is AAC or Opus, or else converted. */
  readonly stream: Stream;
  /** How much of the past, in ms, as far as the stream's pre-roll reaches; and how much of what is to come. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly openConverter: OpenSoundConverter;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Clip {
  /** `video/mp4; codecs="avc1.4d4028,mp4a.40.2"` */
  readonly mime: string;
  /** Clock.now() when its first picture came. */
  readonly startedAt: number;
  /** How much of the past it has, in ms: less than what was asked for where less was stored. */
  readonly coveredMs: number;
  /**
   * The file, a fragment at a time, to be read once and at the reader's own pace. Ends when the clip is complete, or before
   * where the camera was lost or changed its codec or resolution: what was recorded until then is whole. Throws the signal's reason.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What may wait for a reader: as pictures that wait for their sound, as chunks, and as units behind them. Whoever is slower loses parts of the clip. */
const fullBytes = 4 * 1024 * 1024;
const limit: Backlog = { units: 4_000, bytes: 16 * 1024 * 1024 };
/** Longest time to the first key picture, where none is stored. */
const firstPictureMs = 20_000;

/**
 * Records a clip from a little before now on.
 * @throws GatehouseError as Stream.ready does, `codec-unsupported` where the parameter sets cannot be read; or the signal's reason
 */
export const recordClip = async (request: ClipRequest, cancel: Cancellable): Promise<Clip> => {
  const { stream, clock } = request;
  // From here on, so that waiting for the camera takes nothing off the past.
  const askedAt = clock.monotonic();
  await stream.ready(cancel);
  const recording = new ClipRecording(request, askedAt);
  const aborted = onAbort(cancel.signal, (reason) => recording.abandon(reason as Error));
  try {
    await recording.openSound(cancel);
    const deadline = { clock, ms: firstPictureMs, what: "a key picture", signal: cancel.signal };
    const { form, startedAt } = await withDeadline(deadline, () => recording.begin());
    return {
      mime: form.init.mime,
      startedAt: clock.now() - (clock.monotonic() - startedAt),
      coveredMs: Math.max(0, askedAt - startedAt),
      chunks: recording.read(() => aborted[Symbol.dispose]()),
    };
  } catch (error) {
    aborted[Symbol.dispose]();
    recording.leave();
    throw error;
  }
};

interface Beginning {
  readonly form: Mp4Form;
  /** Clock.monotonic() when the first picture came. */
  readonly startedAt: number;
}

class ClipRecording implements Viewer {
  readonly #request: ClipRequest;
  readonly #endsAt: number;
  readonly #beginning = Promise.withResolvers<Beginning>();
  readonly #chunks: ChunkQueue;
  readonly #connects: number;
  readonly #session: Session;
  /** The sound that is stored, until it was handed to a converter. */
  #past: readonly AudioUnit[];
  /** Decided once: a file's tracks stay what they are. */
  #audio: Mp4AudioTrack | undefined;
  #converted: ConvertedSound | undefined;
  /** Pictures whose sound is being converted. */
  #heldBack: VideoUnit[] = [];
  #heldBackBytes = 0;
  #form: Mp4Form | undefined;
  #writer: ClipWriter | undefined;
  #timer: Disposable | undefined;
  #finishing = false;
  #over = false;

  constructor(request: ClipRequest, askedAt: number) {
    const { stream, beforeMs, afterMs, clock } = request;
    this.#request = request;
    this.#endsAt = askedAt + afterMs;
    this.#chunks = new ChunkQueue(() => this.#goOn());
    this.#beginning.promise.catch(() => undefined);
    const reachMs = beforeMs + clock.monotonic() - askedAt;
    this.#audio = playableSound(stream.audio);
    this.#past = stream.recent(reachMs).filter((unit) => unit.kind === "audio");
    this.#connects = stream.status.connects;
    this.#session = stream.join(this, limit, reachMs);
    this.#timer = clock.schedule(Math.max(0, this.#endsAt - clock.monotonic()), () => this.#timeIsUp());
  }

  /** To be called first. Sound that cannot be had is done without, because the picture matters more. */
  async openSound(cancel: Cancellable): Promise<void> {
    const { stream, openConverter, clock, log } = this.#request;
    const { audio: track } = stream;
    if (track === undefined || this.#audio !== undefined) return;
    const pastBytes = this.#past.reduce((bytes, unit) => bytes + unit.bytes, 0);
    const onUnit = (unit: AudioUnit): void => this.#writer?.sound(unit);
    const onProgress = (): void => this.#goOn();
    try {
      const options = { track, pastBytes, openConverter, onUnit, onProgress, clock, log };
      const converted = await ConvertedSound.open(options, cancel);
      if (this.#over) {
        await converted[Symbol.asyncDispose]();
        return;
      }
      this.#converted = converted;
      this.#audio = playableSound(converted.track);
    } catch (error) {
      cancel.signal.throwIfAborted();
      log.warn("a clip has no sound", { codec: track.codec, reason: toGatehouseError(error).message });
    }
  }

  /** Resolves with the first picture. */
  async begin(): Promise<Beginning> {
    this.#session.resume();
    return this.#beginning.promise;
  }

  /** `onLeft` is called when the reader has all, or leaves before: until then it can be abandoned. */
  read(onLeft: () => void): AsyncIterable<Uint8Array> {
    return this.#chunks.read(() => {
      onLeft();
      this.leave();
    });
  }

  write(unit: AccessUnit): boolean {
    if (this.#form !== undefined && unit.arrivedAt > this.#endsAt) this.#finish();
    else if (unit.kind === "video") this.#hold(unit);
    else if (this.#converted === undefined) this.#writer?.sound(unit);
    else this.#converted.write(unit);
    this.#finishIfDone();
    return this.#hasRoom();
  }

  end(error: GatehouseError): void {
    this.#beginning.reject(error);
    this.#finish();
  }

  /** The one who asked for it is gone. */
  abandon(reason: Error): void {
    this.#chunks.end(reason);
    this.leave();
  }

  /** Lets go of the stream; what was not written is lost. */
  leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    this.#chunks.end();
    this.#session[Symbol.dispose]();
    void this.#converted?.[Symbol.asyncDispose]();
  }

  /** The first picture waits for nothing: sound is laid beside it. */
  #hold(unit: VideoUnit): void {
    this.#heldBack.push(unit);
    this.#heldBackBytes += unit.bytes;
    this.#release((next) => this.#writer === undefined || this.#converted?.holdsBack(next.timestamp / 90) !== true);
  }

  #release(may: (next: VideoUnit) => boolean): void {
    for (let [next] = this.#heldBack; next !== undefined && may(next); [next] = this.#heldBack) {
      this.#heldBack.shift();
      this.#heldBackBytes -= next.bytes;
      this.#picture(next);
    }
  }

  #picture(unit: VideoUnit): void {
    if (unit.key && !this.#continues(unit)) return;
    this.#push(this.#writer?.picture(unit) ?? []);
  }

  /** Whether the file goes on with this key picture; it begins with the first. */
  #continues(unit: VideoUnit): boolean {
    const { stream } = this.#request;
    const codec = stream.video?.codec ?? "h264";
    const form = formOf(unit, { codec, audio: this.#audio }, this.#form);
    if (this.#form !== undefined) {
      if (form === this.#form && stream.status.connects === this.#connects) return true;
      this.#heldBack = [];
      this.#finish();
      return false;
    }
    if (form === undefined)
      throw new GatehouseError("codec-unsupported", "The camera's parameter sets cannot be read.");
    this.#form = form;
    this.#writer = new ClipWriter(form);
    this.#push([form.init.bytes]);
    // All at once, and before the pictures beside it, because converting it takes a moment.
    for (const sound of this.#past) this.#converted?.write(sound);
    this.#past = [];
    this.#beginning.resolve({ form, startedAt: unit.arrivedAt });
    return true;
  }

  #push(parts: readonly Buffer[]): void {
    if (parts.length > 0) this.#chunks.push(Buffer.concat(parts));
  }

  /** There is room for more, or more of the sound. */
  #goOn(): void {
    this.#release((next) => this.#converted?.holdsBack(next.timestamp / 90) !== true);
    this.#finishIfDone();
    if (this.#hasRoom()) this.#session.resume();
  }

  #hasRoom(): boolean {
    return !this.#over && this.#chunks.bytes < fullBytes && this.#heldBackBytes < fullBytes;
  }

  /** Nothing that comes from now on belongs to the clip; what came before may still wait for the reader. */
  #timeIsUp(): void {
    this.#timer = undefined;
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#form !== undefined && this.#session.pending.units === 0 && this.#timer === undefined) this.#finish();
  }

  /** No more units: what was taken is written, with its sound. */
  #finish(): void {
    if (this.#over || this.#finishing) return;
    this.#finishing = true;
    const { dropped } = this.#session;
    if (dropped > 0) this.#request.log.warn("clip has gaps, because its reader was slow", { dropped });
    this.#timer?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
    if (this.#converted === undefined) this.#close();
    else void this.#converted.finish().then(() => this.#close());
  }

  #close(): void {
    if (this.#over) return;
    this.#release(() => true);
    this.#push(this.#writer?.end() ?? []);
    this.leave();
  }
}
