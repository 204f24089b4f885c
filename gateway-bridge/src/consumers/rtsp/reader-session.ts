import type { CameraId, Clock, Logger, PrincipalId, TierName } from "@gatehouse/shared";
import { base32 } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import type { Stream } from "../../media/stream.ts";
import type { TalkSink } from "../../media/talk/talk-receiver.ts";
import { trackControl } from "../../protocols/rtsp-server/track-url.ts";
import type { Carrier } from "./carrier.ts";
import type { ReaderGate } from "./reader-gate.ts";
import { ReaderView, type ReaderTrack } from "./reader-view.ts";
import { talkTrack, TalkTrack } from "./talk-track.ts";
import type { TrackFormat } from "./track-format.ts";
import { TrackOutlet } from "./track-outlet.ts";

export interface ReaderSessionOptions {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly tier: TierName;
  /** The session's own among those of the principal. */
  readonly place: Disposable;
  readonly stream: Stream;
  readonly formats: readonly TrackFormat[];
  /** Undefined where the camera has no loudspeaker, or the reader may not talk. */
  readonly openTalk: (() => TalkSink) | undefined;
  readonly gate: ReaderGate;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when the stream ends it; not after `end`. */
  readonly onGone: (why: string) => void;
}

/** Where one track begins, for RTP-Info. RFC 2326 12.33 */
export interface TrackStart {
  readonly control: string;
  readonly sequence: number;
  readonly timestamp: number;
}

/** One reader's session on one camera stream: what it has set up, and whether it plays. Lives and dies with its connection. */
export class ReaderSession implements Disposable {
  /** 128 random bits. Good on its own connection only. */
  readonly id: string = randomBytes(16).toString("hex");
  readonly #options: ReaderSessionOptions;
  readonly #cname = base32(randomBytes(10));
  readonly #startedAt: number;
  /** The session's place, and what keeps the camera connected while the reader prepares or pauses. */
  readonly #held = new DisposableStack();
  readonly #tracks = new Map<number, ReaderTrack>();
  #talk: TalkTrack | undefined;
  #playing = false;
  #view: ReaderView | undefined;
  #dropped = 0;
  #over = false;

  /** @throws GatehouseError `audit-unwritable`, `stream-ended` */
  constructor(options: ReaderSessionOptions) {
    const { stream, gate, principal, camera, tier, place, clock } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    this.#held.use(place);
    try {
      this.#held.use(stream.hold());
      gate.writeDown({ principal, camera, outcome: "allowed", detail: tier });
    } catch (error) {
      this.#held.dispose();
      throw error;
    }
  }

  get camera(): CameraId {
    return this.#options.camera;
  }

  get tier(): TierName {
    return this.#options.tier;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** How many tracks are set up. */
  get size(): number {
    return this.#tracks.size + (this.#talk === undefined ? 0 : 1);
  }

  /** When the reader last took all it was sent, by Clock.monotonic(); undefined where that cannot be known. */
  get roomAt(): number | undefined {
    const known = [...this.#tracks.values()].every(({ outlet }) => outlet.reliable);
    return known ? this.#view?.roomAt : undefined;
  }

  /** Whether there is this track for the reader. */
  has(track: number): boolean {
    const { formats, openTalk } = this.#options;
    return formats[track] !== undefined || (track === talkTrack && openTalk !== undefined);
  }

  isSetUp(track: number): boolean {
    return this.#tracks.has(track) || (track === talkTrack && this.#talk !== undefined);
  }

  /** Lets one track go by a carrier, which is the session's from now on. Answers the Transport header. */
  setUp(track: number, carrier: Carrier): string {
    const { formats, openTalk } = this.#options;
    if (track === talkTrack && openTalk !== undefined) {
      this.#talk = new TalkTrack(carrier, openTalk);
      return this.#talk.transport;
    }
    const format = formats[track];
    if (format === undefined) throw new RangeError(`There is no track ${track}.`);
    const { payloadType } = format.section;
    const outlet = new TrackOutlet({ carrier, payloadType, clockRate: format.track.clockRate, cname: this.#cname });
    this.#tracks.set(track, { track: format.track, outlet });
    return outlet.transport;
  }

  /** Where each track will begin if it plays now. */
  starts(): readonly TrackStart[] {
    const { stream, clock } = this.#options;
    const position = stream.positionAt(clock.monotonic());
    return [...this.#tracks].map(([track, { outlet }]) => ({
      control: trackControl(track),
      ...outlet.startAt(position),
    }));
  }

  /** Begins to send, and to listen, unless it does already. @throws GatehouseError `stream-ended` */
  play(): void {
    if (this.#playing || this.#over) return;
    this.#playing = true;
    this.#talk?.begin();
    if (this.#tracks.size > 0) this.#watch();
  }

  /** Takes a packet that the reader sent on one interleaved channel: a view that is good until this returns. */
  receive(channel: number, packet: Buffer): void {
    if (channel === this.#talk?.channel) this.hear(Buffer.from(packet));
  }

  /** Takes a packet of the reader's own words, which may wait: for one before it, or for the loudspeaker. */
  hear(packet: Buffer): void {
    this.#talk?.receive(packet);
  }

  pause(): void {
    this.#playing = false;
    this.#talk?.pause();
    this.#dropped += this.#view?.dropped ?? 0;
    this.#view?.[Symbol.dispose]();
    this.#view = undefined;
  }

  /** The reader took everything that it was sent. */
  goOn(): void {
    this.#view?.goOn();
  }

  /** Tells the reader that its tracks are over. */
  bye(): void {
    for (const { outlet } of this.#tracks.values()) outlet.bye();
  }

  /** Sends nothing more, and writes down what was. */
  end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.pause();
    const { principal, camera, tier, gate, clock, log } = this.#options;
    const sent = this.#sent();
    for (const { outlet } of this.#tracks.values()) outlet[Symbol.dispose]();
    this.#talk?.[Symbol.dispose]();
    this.#held.dispose();
    const seconds = Math.round((clock.monotonic() - this.#startedAt) / 1_000);
    log.info("RTSP session ends", { principal, camera, tier, why, ...sent, dropped: this.#dropped });
    try {
      gate.writeDown({ principal, camera, outcome: "done", detail: `${seconds} s, ${sent.packets} packets: ${why}` });
    } catch (error) {
      log.error("the end of a session could not be audited", { error: String(error) });
    }
  }

  [Symbol.dispose](): void {
    this.end("the gateway closed it");
  }

  #watch(): void {
    const { stream, clock } = this.#options;
    const tracks = [...this.#tracks.values()];
    let gone: string | undefined;
    const onGone = (why: string): void => {
      gone = why;
      this.#gone(why);
    };
    const view = ReaderView.begin({ stream, tracks, clock, onGone });
    // A reader can be lost with its first packet.
    if (gone === undefined && !this.#isOver()) this.#view = view;
    else view[Symbol.dispose]();
  }

  /** A function, because sending can end the session within one call. */
  #isOver(): boolean {
    return this.#over;
  }

  #sent(): { readonly packets: number; readonly octets: number } {
    return [...this.#tracks.values()].reduce(
      (sum, { outlet: { sent } }) => ({ packets: sum.packets + sent.packets, octets: sum.octets + sent.octets }),
      { packets: 0, octets: 0 },
    );
  }

  #gone(why: string): void {
    if (!this.#over) this.#options.onGone(why);
  }
}
