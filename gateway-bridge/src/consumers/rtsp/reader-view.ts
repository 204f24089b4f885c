import type { Clock, GatehouseError } from "@gatehouse/shared";

import type { AccessUnit, AudioUnit } from "../../domain/access-unit.ts";
import type { AudioTrack, Track } from "../../domain/track.ts";
import { VideoSender } from "../../media/pace/video-sender.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import { toNtp } from "../../protocols/rtp/ntp-time.ts";
import { limits } from "./limits.ts";
import { PictureOrder } from "./picture-order.ts";
import { PictureTimes } from "./picture-times.ts";
import { isSameFormat, soundPayloads } from "./track-format.ts";
import type { TrackOutlet } from "./track-outlet.ts";

/** A track that the reader has set up, and where it goes. */
export interface ReaderTrack {
  readonly track: Track;
  readonly outlet: TrackOutlet;
}

export interface ReaderViewOptions {
  readonly stream: Stream;
  readonly tracks: readonly ReaderTrack[];
  readonly clock: Clock;
  /** Called once: nothing more is sent. `why` completes a log line. */
  readonly onGone: (why: string) => void;
}

/** A reader that plays: units of a Stream become RTP for it, the stored GOP at first. */
export class ReaderView implements Viewer, Disposable {
  readonly #options: ReaderViewOptions;
  readonly #session: Session;
  readonly #video: VideoSender | undefined;
  readonly #sound: { readonly track: AudioTrack; readonly outlet: TrackOutlet } | undefined;
  /** The stream's tracks as they were last compared with those that the reader knows. */
  #compared: readonly [Track | undefined, Track | undefined];
  #reported = false;
  #report: Disposable | undefined;
  #resume: Disposable | undefined;
  #roomAt: number;
  #full = false;
  #over = false;

  private constructor(options: ReaderViewOptions) {
    const { stream, tracks, clock } = options;
    this.#options = options;
    this.#roomAt = clock.monotonic();
    this.#compared = [stream.video, stream.audio];
    this.#session = stream.join(this);
    for (const { track, outlet } of tracks) {
      if (track.kind === "audio") this.#sound = { track, outlet };
      else {
        const [times, order] = [new PictureTimes(outlet.highest), new PictureOrder(track)];
        this.#video = new VideoSender({
          outlet: {
            send: (payloads, wanted, unit) =>
              outlet.send(payloads, times.stamp({ at: unit.timestamp, latest: order.isLatest(unit), wanted })),
          },
          codec: track.codec,
          maxPayload: limits.payload,
          replay: this.#session.pending,
          positionAt: (monotonic) => stream.positionAt(monotonic),
          clock,
        });
      }
    }
  }

  /**
   * Joins the stream; the first packets are out when it returns, where there is a stored picture.
   * @throws GatehouseError `stream-ended`
   */
  static begin(options: ReaderViewOptions): ReaderView {
    const view = new ReaderView(options);
    view.#session.resume();
    return view;
  }

  /** Units that the reader did not take in time. */
  get dropped(): number {
    return this.#session.dropped;
  }

  /** When everything sent was last taken, by Clock.monotonic(). */
  get roomAt(): number {
    return this.#full ? this.#roomAt : this.#options.clock.monotonic();
  }

  write(unit: AccessUnit): boolean {
    if (!this.#holds()) return false;
    const out = unit.kind === "video" ? (this.#video?.send(unit) ?? true) : this.#hear(unit);
    if (this.#session.pending.units === 0) this.#video?.goLive();
    if (!this.#reported) this.#sendReports();
    if (!out) this.#fill();
    return out && this.#keepsPace();
  }

  end(error: GatehouseError): void {
    this.#gone(error.message);
  }

  /** Everything handed over is out. */
  goOn(): void {
    this.#full = false;
    if (!this.#over && this.#keepsPace()) this.#session.resume();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#report?.[Symbol.dispose]();
    this.#resume?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  /** Whether the stream is still what the reader was told. A camera may come back with another codec, which no player follows. */
  #holds(): boolean {
    const { stream, tracks } = this.#options;
    const [video, audio] = this.#compared;
    if (stream.video === video && stream.audio === audio) return true;
    this.#compared = [stream.video, stream.audio];
    const changed = tracks.some(({ track }) => {
      const now = track.kind === "video" ? stream.video : stream.audio;
      return now !== undefined && !isSameFormat(track, now);
    });
    if (changed) this.#gone("the camera changed its codec");
    return !changed;
  }

  #hear(unit: AudioUnit): boolean {
    // Stored sound is past, and would come in a burst.
    if (this.#sound === undefined || this.#video?.replaying === true) return true;
    const { track, outlet } = this.#sound;
    // Each is sent, whether or not the one before found room.
    return soundPayloads(unit, track, limits.payload)
      .map(({ payload, offset }) => outlet.send([payload], Math.max(outlet.highest + 1, unit.timestamp + offset)))
      .every((out) => out);
  }

  /** Whether the next unit may follow; if not, it is asked for when its time has come. */
  #keepsPace(): boolean {
    const pauseMs = this.#video?.pauseMs ?? 0;
    this.#resume?.[Symbol.dispose]();
    if (pauseMs > 0) this.#resume = this.#options.clock.schedule(pauseMs, () => this.#session.resume());
    return pauseMs === 0;
  }

  #fill(): void {
    if (this.#full) return;
    this.#full = true;
    this.#roomAt = this.#options.clock.monotonic();
  }

  #sendReports(): void {
    const { stream, tracks, clock } = this.#options;
    this.#reported = true;
    const ntp = toNtp(clock.now());
    const position = stream.positionAt(clock.monotonic());
    for (const { outlet } of tracks) outlet.report(ntp, position);
    this.#report = clock.schedule(limits.report, () => this.#sendReports());
  }

  #gone(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onGone(why);
  }
}
