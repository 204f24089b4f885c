import {
  base32,
  stopped,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type GatehouseError,
  type Logger,
} from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { AudioCodec, VideoCodec } from "../../domain/track.ts";
import { judgeLiveness } from "../../domain/liveness-policy.ts";
import type { Backlog } from "../../media/backpressure-policy.ts";
import { CodecMemory } from "../../media/codec-memory.ts";
import { VideoSender } from "../../media/pace/video-sender.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import { parseRtcp, type ReportBlock } from "../../protocols/rtp/rtcp.ts";
import { parseRtcpFeedback, type RtcpFeedback } from "../../protocols/rtp/rtcp-feedback.ts";
import { freshLink, judgeLink, type LinkState } from "./link-policy.ts";
import type { PeerTrack } from "./peer-connection.ts";
import { chooseRepair, type Repair } from "./repair-policy.ts";
import { soundPayloads } from "./sound-payloads.ts";
import { TrackSender } from "./track-sender.ts";

export interface ViewedTrack<Codec> {
  readonly track: PeerTrack;
  readonly codec: Codec;
  /** Ticks a second. */
  readonly clockRate: number;
}

export interface WebRtcViewOptions {
  readonly stream: Stream;
  /** The same in the codecs that were agreed on, when the camera has come back with others. */
  readonly again: (cancel: Cancellable) => Promise<Stream>;
  readonly video: ViewedTrack<VideoCodec>;
  readonly audio: ViewedTrack<AudioCodec> | undefined;
  readonly cname: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once: nothing more is sent. `why` completes a log line. */
  readonly onGone: (why: string) => void;
}

export interface ViewCounts {
  readonly packets: number;
  readonly octets: number;
  /** Packets that were sent again. */
  readonly resent: number;
  /** Units that the viewer missed because it, or its link, was slow. */
  readonly dropped: number;
  /** Times that the stored GOP was sent because the viewer could not decode, and that it was left to the next key picture. */
  readonly replays: number;
  readonly waits: number;
}

/** What may wait while the system has no room: more would show the viewer the past. */
const limit: Backlog = { units: 100, bytes: 2 * 1024 * 1024 };
/** With all headers it fits the smallest MTU of IPv6; HomeKit's viewers share payloads of this size. */
const maxPayload = 1_200;
/** A viewer may ask for a key picture at any rate; it gets one no sooner than this after the last, and no more thought than that. */
const replayEveryMs = 1_000;
const judgeEveryMs = 200;

/** The name under which both tracks of a session are reported. */
export const drawCname = (): string => base32(randomBytes(10));

/** A WebRTC viewer that watches: units of a Stream become RTP for it, for as long as it answers. */
export class WebRtcView implements Viewer, Disposable {
  readonly #options: WebRtcViewOptions;
  readonly #startedAt: number;
  readonly #picture: TrackSender;
  readonly #sound: TrackSender | undefined;
  readonly #leaving = new AbortController();
  #stream: Stream;
  #codecs: CodecMemory;
  #session: Session;
  #video: VideoSender;
  #link: LinkState;
  /** Pictures are left out up to the next key picture. */
  #thinning = false;
  #estimate: number | undefined;
  #reported = { at: 0, octets: 0 };
  #heardAt: number | undefined;
  /** It gets nothing before the next key picture, because it cannot decode. */
  #waiting = false;
  /** When it was last given something to start from; and when that was what is stored, because it could not decode. */
  #givenAt: number;
  #replayedAt = -Infinity;
  #judgedAt = -Infinity;
  #counts = { dropped: 0, replays: 0, waits: 0 };
  #check: Disposable | undefined;
  #resume: Disposable | undefined;
  #over = false;

  private constructor(options: WebRtcViewOptions) {
    const { stream, video, audio, clock } = options;
    this.#options = options;
    this.#stream = stream;
    this.#codecs = new CodecMemory(stream);
    this.#startedAt = clock.monotonic();
    this.#givenAt = this.#startedAt;
    this.#link = freshLink(this.#startedAt);
    this.#reported = { at: this.#startedAt, octets: 0 };
    this.#picture = this.#sender(video, () => this.#goOn());
    this.#sound = audio && this.#sender(audio, () => undefined);
    this.#session = stream.join(this, limit);
    this.#video = this.#replaying();
  }

  /**
   * Joins the stream; the first packets are out when it returns, where there is a stored picture.
   * @throws GatehouseError `stream-ended`
   */
  static begin(options: WebRtcViewOptions): WebRtcView {
    const view = new WebRtcView(options);
    view.#watchLiveness();
    view.#session.resume();
    return view;
  }

  get counts(): ViewCounts {
    const { packets, octets, resent } = this.#picture.sent;
    const sound = this.#sound?.sent ?? { packets: 0, octets: 0 };
    return {
      packets: packets + sound.packets,
      octets: octets + sound.octets,
      resent,
      dropped: this.#counts.dropped + this.#session.dropped,
      replays: this.#counts.replays,
      waits: this.#counts.waits,
    };
  }

  /** An authentic compound of the viewer came. */
  heard(compound: Buffer): void {
    if (this.#over) return;
    this.#heardAt = this.#options.clock.monotonic();
    for (const feedback of parseRtcpFeedback(compound)) this.#serve(feedback);
    const blocks = parseRtcp(compound).flatMap((packet) => ("reports" in packet ? packet.reports : []));
    const about = blocks.find(({ ssrc }) => ssrc === this.#options.video.track.ssrc);
    if (about !== undefined) this.#judge(about);
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
    this.#check?.[Symbol.dispose]();
    this.#resume?.[Symbol.dispose]();
    this.#picture[Symbol.dispose]();
    this.#sound?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  #sender({ track, clockRate }: ViewedTrack<unknown>, onRoom: () => void): TrackSender {
    const { stream, cname, clock } = this.#options;
    // Whatever is made of a stream is on its timeline.
    const positionAt = (monotonic: number): number => stream.positionAt(monotonic);
    return new TrackSender({ track, clockRate, cname, positionAt, clock, onRoom });
  }

  /** What the session holds as it begins is stored, and goes out at once. */
  #replaying(): VideoSender {
    const { clock, video } = this.#options;
    const positionAt = (monotonic: number): number => this.#stream.positionAt(monotonic);
    const replay = this.#session.pending;
    return new VideoSender({ outlet: this.#picture, maxPayload, codec: video.codec, replay, positionAt, clock });
  }

  #show(unit: VideoUnit): boolean {
    if (unit.key) this.#begin();
    if (this.#thinning && !unit.key) {
      this.#counts.dropped += 1;
      return true;
    }
    return this.#video.send(unit);
  }

  #begin(): void {
    this.#thinning = this.#link.mode === "keyframes";
    // It goes on asking until it has shown the picture.
    if (this.#waiting) this.#givenAt = this.#options.clock.monotonic();
    this.#waiting = false;
  }

  #hear(unit: AudioUnit): boolean {
    const { audio } = this.#options;
    // Stored sound is past, and would come in a burst.
    if (audio === undefined || this.#video.replaying || this.#stream.audio?.codec !== audio.codec) return true;
    for (const { payload, ticks } of soundPayloads(unit, audio.codec, maxPayload)) this.#sound?.send([payload], ticks);
    return true;
  }

  /** Everything handed over is out. */
  #goOn(): void {
    if (this.#keepsPace()) this.#session.resume();
  }

  /** Whether the next unit may follow; if not, it is asked for when its time has come. */
  #keepsPace(): boolean {
    if (this.#over) return false;
    const { pauseMs } = this.#video;
    this.#resume?.[Symbol.dispose]();
    if (pauseMs > 0) this.#resume = this.#options.clock.schedule(pauseMs, () => this.#session.resume());
    return pauseMs === 0;
  }

  #serve(feedback: RtcpFeedback): void {
    const { ssrc } = this.#options.video.track;
    if (feedback.kind === "remb") this.#estimate = feedback.bitrate;
    if (feedback.kind === "nack" && feedback.ssrc === ssrc) this.#picture.resend(feedback.lost);
    if (feedback.kind === "pli" && feedback.ssrc === ssrc) this.#repair();
    if (feedback.kind === "fir" && feedback.ssrcs.includes(ssrc)) this.#repair();
  }

  /** The viewer cannot decode. The camera is not asked for anything. */
  #repair(): void {
    const now = this.#options.clock.monotonic();
    if (this.#over || this.#video.replaying) return;
    if (now - this.#givenAt < replayEveryMs || now - this.#judgedAt < judgeEveryMs) return;
    this.#judgedAt = now;
    if (this.#chooseRepair(now) === "replay") this.#replay(now);
    else if (!this.#waiting) {
      this.#counts.waits += 1;
      this.#waiting = true;
      this.#thinning = true;
    }
  }

  #chooseRepair(now: number): Repair {
    const stored = this.#stream.recent(0);
    const { bitrateKbps, video } = this.#stream.health;
    const bytes = stored.reduce((sum, unit) => sum + unit.bytes, 0);
    const [key] = stored;
    return chooseRepair({
      stored: key && { bytes, ageMs: now - key.arrivedAt },
      rate: bitrateKbps / 8,
      gopMs: video?.gopMs ?? null,
      sinceReplayMs: now - this.#replayedAt,
    });
  }

  /** It starts anew from the stored GOP. */
  #replay(now: number): void {
    this.#givenAt = now;
    this.#replayedAt = now;
    this.#counts.replays += 1;
    this.#leave();
    this.#join(this.#stream);
  }

  /** The camera has come back with other codecs: the viewer goes on with what can be made of them, or has to go. */
  async #goOver(): Promise<void> {
    this.#leave();
    try {
      const { signal } = this.#leaving;
      const stream = await this.#options.again({ signal });
      const { video } = await stream.ready({ signal });
      if (this.#over) return;
      // WebRTC has no word for it but a new offer.
      if (video.codec !== this.#options.video.codec)
        this.#gone("the camera's picture has another codec than was agreed on");
      else this.#join(stream);
    } catch (error) {
      this.#gone(toGatehouseError(error).message);
    }
  }

  #leave(): void {
    this.#counts.dropped += this.#session.dropped;
    this.#resume?.[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  #join(stream: Stream): void {
    this.#stream = stream;
    this.#codecs = new CodecMemory(stream);
    this.#session = stream.join(this, limit);
    this.#video = this.#replaying();
    this.#session.resume();
  }

  #judge({ fractionLost }: ReportBlock): void {
    const now = this.#options.clock.monotonic();
    const { octets } = this.#picture.sent;
    const seconds = (now - this.#reported.at) / 1_000;
    if (seconds < 0.2) return;
    const sending = (8 * (octets - this.#reported.octets)) / seconds;
    this.#reported = { at: now, octets };
    const before = this.#link.mode;
    this.#link = judgeLink(this.#link, { loss: fractionLost / 256, estimate: this.#estimate, sending, now });
    if (this.#link.mode === before) return;
    if (this.#link.mode === "keyframes") this.#thinning = true;
    this.#options.log.info("WebRTC viewer's link", { gets: this.#link.mode, loss: fractionLost / 256, sending });
  }

  #watchLiveness(): void {
    const { clock } = this.#options;
    const liveness = judgeLiveness({ startedAt: this.#startedAt, heardAt: this.#heardAt, now: clock.monotonic() });
    if (liveness.kind === "gone") this.#gone(liveness.why);
    else this.#check = clock.schedule(liveness.checkInMs, () => this.#watchLiveness());
  }

  #gone(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onGone(why);
  }
}
