import { base32, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import type { AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { AudioCodec, VideoCodec } from "../../domain/track.ts";
import { judgeLiveness } from "../../domain/liveness-policy.ts";
import { LiveFeed } from "../../media/pace/live-feed.ts";
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

/** With all headers it fits the smallest MTU of IPv6; HomeKit's viewers share payloads of this size. */
const maxPayload = 1_200;
/** A viewer may ask for a key picture at any rate; it gets one no sooner than this after the last, and no more thought than that. */
const replayEveryMs = 1_000;
const judgeEveryMs = 200;

/** The name under which both tracks of a session are reported. */
export const drawCname = (): string => base32(randomBytes(10));

/** A WebRTC viewer that watches: units of a Stream become RTP for it, for as long as it answers. */
export class WebRtcView implements Disposable {
  readonly #options: WebRtcViewOptions;
  readonly #startedAt: number;
  readonly #picture: TrackSender;
  readonly #sound: TrackSender | undefined;
  readonly #feed: LiveFeed;
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
  #over = false;

  private constructor(options: WebRtcViewOptions) {
    const { stream, again, video, audio, clock } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    this.#givenAt = this.#startedAt;
    this.#link = freshLink(this.#startedAt);
    this.#reported = { at: this.#startedAt, octets: 0 };
    this.#picture = this.#sender(video, () => this.#feed.goOn());
    this.#sound = audio && this.#sender(audio, () => undefined);
    this.#feed = new LiveFeed({
      ...{ stream, again, outlet: this.#picture, maxPayload, codec: video.codec, clock },
      wants: (unit) => this.#wants(unit),
      onSound: (unit) => this.#hear(unit),
      onGone: (why) => this.#gone(why),
    });
  }

  /**
   * Joins the stream; the first packets are out when it returns, where there is a stored picture.
   * @throws GatehouseError `stream-ended`
   */
  static begin(options: WebRtcViewOptions): WebRtcView {
    const view = new WebRtcView(options);
    view.#watchLiveness();
    view.#feed.begin();
    return view;
  }

  get counts(): ViewCounts {
    const { packets, octets, resent } = this.#picture.sent;
    const sound = this.#sound?.sent ?? { packets: 0, octets: 0 };
    return {
      packets: packets + sound.packets,
      octets: octets + sound.octets,
      resent,
      dropped: this.#counts.dropped + this.#feed.dropped,
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

  [Symbol.dispose](): void {
    this.#over = true;
    this.#check?.[Symbol.dispose]();
    this.#picture[Symbol.dispose]();
    this.#sound?.[Symbol.dispose]();
    this.#feed[Symbol.dispose]();
  }

  #sender({ track, clockRate }: ViewedTrack<unknown>, onRoom: () => void): TrackSender {
    const { stream, cname, clock } = this.#options;
    // Whatever is made of a stream is on its timeline.
    const positionAt = (monotonic: number): number => stream.positionAt(monotonic);
    return new TrackSender({ track, clockRate, cname, positionAt, clock, onRoom });
  }

  #wants(unit: VideoUnit): boolean {
    if (unit.key) this.#begin();
    if (!this.#thinning || unit.key) return true;
    this.#counts.dropped += 1;
    return false;
  }

  #begin(): void {
    this.#thinning = this.#link.mode === "keyframes";
    // It goes on asking until it has shown the picture.
    if (this.#waiting) this.#givenAt = this.#options.clock.monotonic();
    this.#waiting = false;
  }

  #hear(unit: AudioUnit): void {
    const { audio } = this.#options;
    if (audio === undefined || this.#feed.stream.audio?.codec !== audio.codec) return;
    for (const { payload, ticks } of soundPayloads(unit, audio.codec, maxPayload)) this.#sound?.send([payload], ticks);
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
    if (this.#over || this.#feed.replaying) return;
    if (now - this.#givenAt < replayEveryMs || now - this.#judgedAt < judgeEveryMs) return;
    this.#judgedAt = now;
    const repair = this.#chooseRepair(now);
    if (repair === "wait" && this.#waiting) return;
    this.#options.log.debug("WebRTC viewer's repair", { repair });
    if (repair === "replay") this.#replay(now);
    else this.#wait();
  }

  /** It is left to the next key picture. */
  #wait(): void {
    this.#counts.waits += 1;
    this.#waiting = true;
    this.#thinning = true;
  }

  #chooseRepair(now: number): Repair {
    const { stream } = this.#feed;
    const stored = stream.recent(0);
    const { bitrateKbps, video } = stream.health;
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
    this.#feed.restart();
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
