import { GatehouseError, onAbort, withDeadline, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import type { AccessUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { Backlog } from "../../media/backpressure-policy.ts";
import { formOf, playableSound, type Mp4Form } from "../../media/mp4-form.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import type { Mp4AudioTrack } from "../../protocols/fmp4/mp4-track.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { ClipWriter } from "./clip-writer.ts";

export interface ClipRequest {
  /** Its sound is in the clip where it is AAC or Opus. */
  readonly stream: Stream;
  /** How much of the past, in ms, as far as the stream's pre-roll reaches; and how much of what is to come. */
  readonly beforeMs: number;
  readonly afterMs: number;
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

/** What may wait for a reader: as chunks, and as units behind them. Whoever is slower loses parts of the clip. */
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
  /** Decided once: a file's tracks stay what they are. */
  readonly #audio: Mp4AudioTrack | undefined;
  readonly #connects: number;
  readonly #session: Session;
  #form: Mp4Form | undefined;
  #writer: ClipWriter | undefined;
  #timer: Disposable | undefined;
  #over = false;

  constructor(request: ClipRequest, askedAt: number) {
    const { stream, beforeMs, afterMs, clock } = request;
    this.#request = request;
    this.#endsAt = askedAt + afterMs;
    this.#chunks = new ChunkQueue(() => this.#goOn());
    this.#beginning.promise.catch(() => undefined);
    const reachMs = beforeMs + clock.monotonic() - askedAt;
    this.#audio = playableSound(stream.audio);
    this.#connects = stream.status.connects;
    this.#session = stream.join(this, limit, reachMs);
    this.#timer = clock.schedule(Math.max(0, this.#endsAt - clock.monotonic()), () => this.#timeIsUp());
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
    else if (unit.kind === "audio") this.#writer?.sound(unit);
    else this.#picture(unit);
    if (this.#session.pending.units === 0 && this.#timer === undefined) this.#finish();
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
      this.#finish();
      return false;
    }
    if (form === undefined)
      throw new GatehouseError("codec-unsupported", "The camera's parameter sets cannot be read.");
    this.#form = form;
    this.#writer = new ClipWriter(form);
    this.#push([form.init.bytes]);
    this.#beginning.resolve({ form, startedAt: unit.arrivedAt });
    return true;
  }

  #push(parts: readonly Buffer[]): void {
    if (parts.length > 0) this.#chunks.push(Buffer.concat(parts));
  }

  #goOn(): void {
    if (this.#hasRoom()) this.#session.resume();
  }

  #hasRoom(): boolean {
    return !this.#over && this.#chunks.bytes < fullBytes;
  }

  /** Nothing that comes from now on belongs to the clip; what came before may still wait for the reader. */
  #timeIsUp(): void {
    this.#timer = undefined;
    if (this.#form !== undefined && this.#session.pending.units === 0) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    const { dropped } = this.#session;
    if (dropped > 0) this.#request.log.warn("clip has gaps, because its reader was slow", { dropped });
    this.#push(this.#writer?.end() ?? []);
    this.leave();
  }
}
