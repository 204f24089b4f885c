import {
  base32,
  stopped,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type GatehouseError,
  type Logger,
  type StartHomeKitSession,
} from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import type { AccessUnit, AudioUnit } from "../../domain/access-unit.ts";
import type { Backlog } from "../../media/backpressure-policy.ts";
import { CodecMemory } from "../../media/codec-memory.ts";
import type { Session, Viewer } from "../../media/session.ts";
import type { Stream } from "../../media/stream.ts";
import { judgeLiveness } from "../../domain/liveness-policy.ts";
import { OpusSender } from "./opus-sender.ts";
import { payloadSize, type ViewerPath } from "./payload-policy.ts";
import { RtpOutlet, type OutletSocket } from "./rtp-outlet.ts";
import { VideoSender } from "../../media/pace/video-sender.ts";

export interface LiveViewOptions {
  readonly stream: Stream;
  /** The same in codecs that a controller takes, when the camera has come back with others. */
  readonly again: (cancel: Cancellable) => Promise<Stream>;
  readonly video: OutletSocket;
  readonly audio: OutletSocket | undefined;
  readonly path: ViewerPath;
  /** What the viewer asked for. */
  readonly body: StartHomeKitSession;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once: nothing more is sent. `why` completes a log line. */
  readonly onGone: (why: string) => void;
}

/** What may wait while the system has no room: more would show the viewer the past. */
const limit: Backlog = { units: 100, bytes: 2 * 1024 * 1024 };
/** Packets that may wait in the system: for sound, one second of them. */
const slots = { video: 256, audio: 64 } as const;

/** A HomeKit viewer that watches: units of a Stream become SRTP for it, for as long as it answers. */
export class LiveView implements Viewer, Disposable {
  readonly #options: LiveViewOptions;
  readonly #startedAt: number;
  readonly #outlets: readonly RtpOutlet[];
  readonly #outlet: RtpOutlet;
  readonly #maxPayload: number;
  readonly #leaving = new AbortController();
  #stream: Stream;
  #codecs: CodecMemory;
  #session: Session;
  #video: VideoSender;
  readonly #sound: OpusSender | undefined;
  /** Of the sessions before. */
  #dropped = 0;
  #heardAt: number | undefined;
  #check: Disposable | undefined;
  #resume: Disposable | undefined;
  #over = false;

  private constructor(options: LiveViewOptions) {
    const { stream, audio, path, body, clock } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    this.#maxPayload = payloadSize({ mtu: body.video.mtu, path });
    // Whatever is made of a stream is on its timeline.
    const positionAt = (monotonic: number): number => stream.positionAt(monotonic);
    const shared = { maxPayload: this.#maxPayload, cname: base32(randomBytes(10)), clock, positionAt };
    this.#outlet = new RtpOutlet({
      ...shared,
      socket: options.video,
      payloadType: body.video.payloadType,
      slots: slots.video,
      clockRate: 90_000,
      reportEveryMs: body.video.rtcpInterval * 1_000,
      onRoom: () => this.#goOn(),
    });
    const sound = audio === undefined || body.audio === null ? undefined : this.#openSound(audio, body.audio, shared);
    this.#sound = sound?.sender;
    this.#outlets = sound === undefined ? [this.#outlet] : [this.#outlet, sound.outlet];
    this.#stream = stream;
    this.#codecs = new CodecMemory(stream);
    this.#session = stream.join(this, limit);
    this.#video = this.#replaying();
  }

  /**
   * Joins the stream; the first packets are out when it returns, where there is a stored picture.
   * @throws GatehouseError `stream-ended`
   */
  static begin(options: LiveViewOptions): LiveView {
    const view = new LiveView(options);
    view.#watchLiveness();
    view.#session.resume();
    return view;
  }

  get sent(): { readonly packets: number; readonly octets: number } {
    return this.#outlets.reduce(
      (sum, { sent }) => ({ packets: sum.packets + sent.packets, octets: sum.octets + sent.octets }),
      { packets: 0, octets: 0 },
    );
  }

  /** Units that did not go out in time. */
  get dropped(): number {
    return this.#dropped + this.#session.dropped;
  }

  /** An authentic report of the viewer came. */
  heard(): void {
    this.#heardAt = this.#options.clock.monotonic();
  }

  write(unit: AccessUnit): boolean {
    if (this.#codecs.outdated) {
      void this.#goOver();
      return false;
    }
    const out = unit.kind === "video" ? this.#video.send(unit) : this.#hear(unit);
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
    for (const outlet of this.#outlets) outlet[Symbol.dispose]();
    this.#session[Symbol.dispose]();
  }

  /** What the session holds as it begins is stored, and goes out at once. */
  #replaying(): VideoSender {
    const { clock } = this.#options;
    const positionAt = (monotonic: number): number => this.#stream.positionAt(monotonic);
    const replay = this.#session.pending;
    return new VideoSender({ outlet: this.#outlet, maxPayload: this.#maxPayload, replay, positionAt, clock });
  }

  /** The camera has come back with other codecs: the viewer goes on with what can be made of them, or has to go. */
  async #goOver(): Promise<void> {
    this.#resume?.[Symbol.dispose]();
    this.#dropped += this.#session.dropped;
    this.#session[Symbol.dispose]();
    try {
      const { signal } = this.#leaving;
      const stream = await this.#options.again({ signal });
      // Connected, so that its codecs are known.
      await stream.ready({ signal });
      if (this.#over) return;
      this.#stream = stream;
      this.#codecs = new CodecMemory(stream);
      this.#session = stream.join(this, limit);
      this.#video = this.#replaying();
      this.#session.resume();
    } catch (error) {
      this.#gone(toGatehouseError(error).message);
    }
  }

  /** Everything handed over is out. */
  #goOn(): void {
    if (this.#keepsPace()) this.#session.resume();
  }

  /** Whether the next unit may follow; if not, it is asked for when its time has come. */
  #keepsPace(): boolean {
    const { pauseMs } = this.#video;
    this.#resume?.[Symbol.dispose]();
    if (pauseMs > 0) this.#resume = this.#options.clock.schedule(pauseMs, () => this.#session.resume());
    return pauseMs === 0;
  }

  #hear(unit: AudioUnit): boolean {
    // Stored sound is past, and would come in a burst.
    if (!this.#video.replaying && this.#stream.audio?.codec === "opus") this.#sound?.send(unit);
    return true;
  }

  #openSound(
    socket: OutletSocket,
    body: NonNullable<StartHomeKitSession["audio"]>,
    shared: Pick<ConstructorParameters<typeof RtpOutlet>[0], "maxPayload" | "cname" | "clock" | "positionAt">,
  ): { readonly outlet: RtpOutlet; readonly sender: OpusSender } {
    const { payloadType, sampleRate, packetTime, rtcpInterval } = body;
    const outlet = new RtpOutlet({
      ...shared,
      socket,
      payloadType,
      slots: slots.audio,
      clockRate: sampleRate,
      reportEveryMs: rtcpInterval * 1_000,
      onRoom: () => undefined,
    });
    const { maxPayload } = shared;
    return { outlet, sender: new OpusSender({ outlet, maxPayload, sampleRate, packetTime, log: this.#options.log }) };
  }

  #watchLiveness(): void {
    const { clock, log } = this.#options;
    const liveness = judgeLiveness({ startedAt: this.#startedAt, heardAt: this.#heardAt, now: clock.monotonic() });
    if (liveness.kind === "gone") {
      this.#gone(liveness.why);
      return;
    }
    if (liveness.kind === "quiet") log.warn("HomeKit viewer is quiet", { endsInMs: liveness.checkInMs });
    this.#check = clock.schedule(liveness.checkInMs, () => this.#watchLiveness());
  }

  #gone(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onGone(why);
  }
}
