import { base32, type Cancellable, type Clock, type Logger, type StartHomeKitSession } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import type { AudioUnit } from "../../domain/access-unit.ts";
import { judgeLiveness } from "../../domain/liveness-policy.ts";
import { LiveFeed } from "../../media/pace/live-feed.ts";
import type { Stream } from "../../media/stream.ts";
import { OpusSender } from "./opus-sender.ts";
import { payloadSize, type ViewerPath } from "./payload-policy.ts";
import { RtpOutlet, type OutletSocket } from "./rtp-outlet.ts";

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

/** Packets that may wait in the system: for sound, one second of them. */
const slots = { video: 256, audio: 64 } as const;

/** A HomeKit viewer that watches: units of a Stream become SRTP for it, for as long as it answers. */
export class LiveView implements Disposable {
  readonly #options: LiveViewOptions;
  readonly #startedAt: number;
  readonly #outlets: readonly RtpOutlet[];
  readonly #outlet: RtpOutlet;
  readonly #feed: LiveFeed;
  readonly #sound: OpusSender | undefined;
  #heardAt: number | undefined;
  #check: Disposable | undefined;
  #over = false;

  private constructor(options: LiveViewOptions) {
    const { stream, again, audio, path, body, clock } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    const maxPayload = payloadSize({ mtu: body.video.mtu, path });
    // Whatever is made of a stream is on its timeline.
    const positionAt = (monotonic: number): number => stream.positionAt(monotonic);
    const shared = { maxPayload, cname: base32(randomBytes(10)), clock, positionAt };
    this.#outlet = new RtpOutlet({
      ...shared,
      socket: options.video,
      payloadType: body.video.payloadType,
      slots: slots.video,
      clockRate: 90_000,
      reportEveryMs: body.video.rtcpInterval * 1_000,
      onRoom: () => this.#feed.goOn(),
    });
    const sound = audio === undefined || body.audio === null ? undefined : this.#openSound(audio, body.audio, shared);
    this.#sound = sound?.sender;
    this.#outlets = sound === undefined ? [this.#outlet] : [this.#outlet, sound.outlet];
    this.#feed = new LiveFeed({
      ...{ stream, again, outlet: this.#outlet, maxPayload, codec: "h264", clock },
      onSound: (unit) => this.#hear(unit),
      onGone: (why) => this.#gone(why),
    });
  }

  /**
   * Joins the stream; the first packets are out when it returns, where there is a stored picture.
   * @throws GatehouseError `stream-ended`
   */
  static begin(options: LiveViewOptions): LiveView {
    const view = new LiveView(options);
    view.#watchLiveness();
    view.#feed.begin();
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
    return this.#feed.dropped;
  }

  /** An authentic report of the viewer came. */
  heard(): void {
    this.#heardAt = this.#options.clock.monotonic();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#check?.[Symbol.dispose]();
    for (const outlet of this.#outlets) outlet[Symbol.dispose]();
    this.#feed[Symbol.dispose]();
  }

  #hear(unit: AudioUnit): void {
    if (this.#feed.stream.audio?.codec === "opus") this.#sound?.send(unit);
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
