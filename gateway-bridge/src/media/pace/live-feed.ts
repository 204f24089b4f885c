import { stopped, toGatehouseError, type Cancellable, type Clock, type GatehouseError } from "@gatehouse/shared";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import type { Backlog } from "../backpressure-policy.ts";
import { CodecMemory } from "../codec-memory.ts";
import type { Session, Viewer } from "../session.ts";
import type { Stream } from "../stream.ts";
import { VideoSender, type PictureOutlet } from "./video-sender.ts";

export interface LiveFeedOptions {
  readonly stream: Stream;
  /** The same in codecs that the viewer takes, when the camera has come back with others. */
  readonly again: (cancel: Cancellable) => Promise<Stream>;
  readonly outlet: PictureOutlet;
  /** In bytes. */
  readonly maxPayload: number;
  /** The picture's, which stays what it is. */
  readonly codec: VideoCodec;
  /** Whether the viewer is sent a picture; without it, every one. */
  readonly wants?: (unit: VideoUnit) => boolean;
  /** Takes sound that is live: stored sound is past, and would come in a burst. */
  readonly onSound: (unit: AudioUnit) => void;
  readonly clock: Clock;
  /** Called once: nothing more comes. `why` completes a log line. */
  readonly onGone: (why: string) => void;
}

/** What may wait while the system has no room: more would show the viewer the past. */
const limit: Backlog = { units: 100, bytes: 2 * 1024 * 1024 };

/** A stream as a live viewer over RTP gets it: the stored GOP in one paced burst, and then what comes. */
export class LiveFeed implements Viewer, Disposable {
  readonly #options: LiveFeedOptions;
  readonly #leaving = new AbortController();
  #stream: Stream;
  #codecs: CodecMemory;
  #session: Session;
  #video: VideoSender;
  /** Of the sessions before. */
  #dropped = 0;
  #resume: Disposable | undefined;
  #over = false;

  /** Joins the stream. @throws GatehouseError `stream-ended` */
  constructor(options: LiveFeedOptions) {
    const { stream } = options;
    this.#options = options;
    this.#stream = stream;
    this.#codecs = new CodecMemory(stream);
    this.#session = stream.join(this, limit);
    this.#video = this.#replay();
  }

  /** What it comes from at present. */
  get stream(): Stream {
    return this.#stream;
  }

  /** What is sent was stored before. */
  get replaying(): boolean {
    return this.#video.replaying;
  }

  /** Units that the viewer missed because it was slow. */
  get dropped(): number {
    return this.#dropped + this.#session.dropped;
  }

  /** The first packets are out when it returns, where there is a stored picture. */
  begin(): void {
    this.#session.resume();
  }

  /** Begins anew, with the stored GOP. */
  restart(): void {
    this.#leave();
    this.#join(this.#stream);
  }

  /** Everything handed to the outlet is out. */
  goOn(): void {
    if (this.#keepsPace()) this.#session.resume();
  }

  write(unit: AccessUnit): boolean {
    if (this.#codecs.outdated) {
      void this.#goOver();
      return false;
    }
    const out = unit.kind === "video" ? this.#show(unit) : this.#hear(unit);
    if (this.#session.pending.units === 0) this.#video.goLive();
    return out && this.#keepsPace();
  }

  end(error: GatehouseError): void {
    this.#gone(error.message);
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#leaving.abort(stopped("closed"));
    this.#resume?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  #show(unit: VideoUnit): boolean {
    return this.#options.wants?.(unit) === false || this.#video.send(unit);
  }

  #hear(unit: AudioUnit): boolean {
    if (!this.#video.replaying) this.#options.onSound(unit);
    return true;
  }

  /** Whether the next unit may follow; if not, it is asked for when its time has come. */
  #keepsPace(): boolean {
    if (this.#over) return false;
    const { pauseMs } = this.#video;
    this.#resume?.[Symbol.dispose]();
    if (pauseMs > 0) this.#resume = this.#options.clock.schedule(pauseMs, () => this.#session.resume());
    return pauseMs === 0;
  }

  /** The camera has come back with other codecs: the viewer goes on with what can be made of them, or has to go. */
  async #goOver(): Promise<void> {
    this.#leave();
    try {
      const { signal } = this.#leaving;
      const stream = await this.#options.again({ signal });
      // Connected, so that its codecs are known.
      const { video } = await stream.ready({ signal });
      if (this.#over) return;
      // No protocol has a word for it but a new session.
      if (video.codec === this.#options.codec) this.#join(stream);
      else this.#gone("the camera's picture has another codec than was agreed on");
    } catch (error) {
      this.#gone(toGatehouseError(error).message);
    }
  }

  #leave(): void {
    this.#dropped += this.#session.dropped;
    this.#resume?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  #join(stream: Stream): void {
    this.#stream = stream;
    this.#codecs = new CodecMemory(stream);
    this.#session = stream.join(this, limit);
    this.#video = this.#replay();
    this.#session.resume();
  }

  /** What the session holds as it begins is stored, and goes out at once. */
  #replay(): VideoSender {
    const { outlet, maxPayload, codec, clock } = this.#options;
    const positionAt = (monotonic: number): number => this.#stream.positionAt(monotonic);
    return new VideoSender({ outlet, maxPayload, codec, replay: this.#session.pending, positionAt, clock });
  }

  #gone(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onGone(why);
  }
}
