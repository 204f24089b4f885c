import {
  EventBus,
  GatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type StreamHealth,
  type StreamStatus,
  type TierName,
} from "@gatehouse/shared";

import type { StreamEndpoint } from "../domain/camera.ts";
import type { AcceptedCodecs, AudioCodec } from "../domain/track.ts";
import type { OpenSource } from "../ports.ts";
import type { Ffmpeg } from "./ffmpeg/ffmpeg.ts";
import {
  ableToTranscodeAll,
  ableToTranscodeNothing,
  chooseRendition,
  isAsIs,
  type RenditionChoice,
  type TranscodingAbility,
} from "./rendition/rendition-policy.ts";
import { Renditions } from "./rendition/renditions.ts";
import { Stream, type StreamState } from "./stream.ts";

export interface StreamsOptions {
  /** Where a tier's media is to be had. Asked before every connection, because cameras move. */
  readonly endpoint: (camera: CameraId, tier: TierName, cancel: Cancellable) => Promise<StreamEndpoint>;
  readonly openSource: OpenSource;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  /** How long a connection stays after its last viewer. */
  readonly lingerMs?: number;
  /** How far back what every camera sends is kept, for recordings and clips; the newest GOP alone unless told. */
  readonly prerollMs?: number;
  /** What the newest GOP of one stream may weigh. Pre-roll may weigh 8 Mbit/s more; beyond that it is given up. */
  readonly ringBytes?: number;
  /** What makes other codecs of a camera's; without one, viewers get what the camera sends. */
  readonly ffmpeg?: Ffmpeg;
}

export interface StreamChange {
  readonly camera: CameraId;
  readonly tier: TierName;
  readonly state: StreamState;
}

const defaultLingerMs = 10_000;
/** A long GOP of a 4K camera; and 8 Mbit/s for pre-roll. */
const defaultRingBytes = 8 * 1024 * 1024;
const prerollBytesPerMs = 1_000;

/** Every camera stream of the gateway, each made when it is first asked for. */
export class Streams implements AsyncDisposable {
  readonly #options: StreamsOptions;
  readonly #streams = new Map<CameraId, Map<TierName, Stream>>();
  readonly #warm = new Map<CameraId, Disposable>();
  readonly #changes: EventBus<StreamChange>;
  readonly #renditions: Renditions | undefined;
  readonly #silent = new WeakSet<Stream>();

  private constructor(options: StreamsOptions) {
    this.#options = options;
    const { ffmpeg, clock, log, random, lingerMs = defaultLingerMs, ringBytes = defaultRingBytes } = options;
    if (ffmpeg !== undefined) this.#renditions = new Renditions({ ffmpeg, clock, log, random, lingerMs, ringBytes });
    this.#changes = new EventBus(options.log);
  }

  static create(options: StreamsOptions): Streams {
    return new Streams(options);
  }

  of(camera: CameraId, tier: TierName): Stream {
    const tiers = this.#streams.get(camera) ?? new Map<TierName, Stream>();
    this.#streams.set(camera, tiers);
    const stream = tiers.get(tier) ?? this.#make(camera, tier);
    tiers.set(tier, stream);
    return stream;
  }

  /** Undefined where nobody asked for it yet. */
  find(camera: CameraId, tier: TierName): Stream | undefined {
    return this.#streams.get(camera)?.get(tier);
  }

  /**
   * The tier in a form that a viewer can decode: the camera's own stream wherever it fits. Sound that cannot be had in
   * an accepted codec stays as the camera sends it, for the viewer to leave out.
   * @throws GatehouseError as `Stream.ready` does, `transcoder-missing` where the picture needs one that this box does
   * not have, or `codec-unsupported` where no transcoder could help
   */
  async playable(camera: CameraId, tier: TierName, accepts: AcceptedCodecs, { signal }: Cancellable): Promise<Stream> {
    const base = this.of(camera, tier);
    // The first look for a transcoder takes a while.
    using _hold = base.hold();
    const { video, audio } = await base.ready({ signal });
    const choose = (able: TranscodingAbility): RenditionChoice => chooseRendition({ video, audio, accepts, able });
    // The transcoder is not even looked for while nobody needs one.
    if (choose(ableToTranscodeAll).kind === "as-is") return base;
    const choice = choose((await this.#options.ffmpeg?.ability({ signal })) ?? ableToTranscodeNothing);
    if (choice.kind === "no-transcoder" || choice.kind === "unplayable") throw refusal(choice);
    if (choice.kind === "as-is") return base;
    if (choice.kind === "silent") this.#tellSilence(base, choice.codec);
    return isAsIs(choice.rendition) ? base : (this.#renditions?.of(base, choice.rendition) ?? base);
  }

  /** Keeps one tier of the camera connected when nobody watches, or lets it go. */
  setWarm(camera: CameraId, warm: boolean, tier: TierName = "main"): void {
    const before = this.#warm.get(camera);
    this.#warm.delete(camera);
    if (warm) this.#warm.set(camera, this.of(camera, tier).hold());
    before?.[Symbol.dispose]();
  }

  /** The camera's address or password is another: what it had failed with is forgotten, and its viewers stay. */
  renew(camera: CameraId): void {
    for (const stream of this.#streams.get(camera)?.values() ?? []) stream.renew();
  }

  /** The camera is gone: its viewers end with `stream-ended`, all it had failed with is forgotten. */
  async close(camera: CameraId): Promise<void> {
    const tiers = [...(this.#streams.get(camera)?.values() ?? [])];
    this.#streams.delete(camera);
    this.#warm.get(camera)?.[Symbol.dispose]();
    this.#warm.delete(camera);
    await this.#renditions?.close(camera);
    await Promise.all(tiers.map((stream) => stream[Symbol.asyncDispose]()));
  }

  status(): StreamStatus[] {
    return this.#own().map((stream) => ({
      ...stream.status,
      viewers: this.#renditions?.viewersOf(stream) ?? stream.status.viewers,
    }));
  }

  /** Of derived streams too. */
  health(): StreamHealth[] {
    return [...this.#own(), ...(this.#renditions?.list() ?? [])].map((stream) => stream.health);
  }

  /** Reports every change from now on. */
  onState(listener: (change: StreamChange) => void): Disposable {
    return this.#changes.on(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#streams.keys()].map((camera) => this.close(camera)));
  }

  #own(): readonly Stream[] {
    return [...this.#streams.values()].flatMap((tiers) => [...tiers.values()]);
  }

  /** Once for each stream, not for each viewer. */
  #tellSilence(stream: Stream, codec: AudioCodec): void {
    if (this.#silent.has(stream)) return;
    this.#silent.add(stream);
    const { camera, tier } = stream;
    const message = "the viewer gets no sound: it does not take the camera's, and no transcoder can convert it";
    this.#options.log.warn(message, { camera, tier, codec });
  }

  #make(camera: CameraId, tier: TierName): Stream {
    const { endpoint, openSource, clock, log, random, lingerMs = defaultLingerMs } = this.#options;
    const { prerollMs = 0, ringBytes = defaultRingBytes } = this.#options;
    const stream: Stream = new Stream({
      camera,
      tier,
      open: async (cancel) => openSource(await endpoint(camera, tier, cancel), cancel),
      clock,
      log: log.child({ camera, tier }),
      random,
      ...{ lingerMs, prerollMs, ringBytes: ringBytes + prerollMs * prerollBytesPerMs },
      onState: (state) => {
        this.#changes.emit({ camera, tier, state });
        this.#renditions?.follow(stream, state);
      },
    });
    return stream;
  }
}

const refusal = ({
  kind,
  codec,
}: Extract<RenditionChoice, { kind: "no-transcoder" | "unplayable" }>): GatehouseError =>
  kind === "no-transcoder"
    ? new GatehouseError(
        "transcoder-missing",
        `The camera sends ${codec}, which this viewer cannot show, and no ffmpeg that could convert it was found.`,
      )
    : new GatehouseError(
        "codec-unsupported",
        `The viewer shows no ${codec}, and nothing that the gateway could make of it.`,
      );
