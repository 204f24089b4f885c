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
import type { AcceptedCodecs } from "../domain/track.ts";
import type { OpenSource } from "../ports.ts";
import {
  ableToTranscodeAll,
  ableToTranscodeNothing,
  chooseRendition,
  type RenditionChoice,
  type TranscodingAbility,
} from "./rendition/rendition-policy.ts";
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
  /** How far back every stream's pictures are kept, for recordings and clips; the newest GOP alone unless told. */
  readonly prerollMs?: number;
  /** What the stored GOPs of one stream may weigh; pre-roll is given up before this is exceeded. */
  readonly ringBytes?: number;
}

export interface StreamChange {
  readonly camera: CameraId;
  readonly tier: TierName;
  readonly state: StreamState;
}

const defaultLingerMs = 10_000;
/** What the ring of one stream may weigh: a long GOP of a 4K camera, and for pre-roll 8 Mbit/s. */
const defaultRingBytes = 8 * 1024 * 1024;
const prerollBytesPerMs = 1_000;

/** Every camera stream of the gateway, each made when it is first asked for. */
export class Streams implements AsyncDisposable {
  readonly #options: StreamsOptions;
  readonly #streams = new Map<CameraId, Map<TierName, Stream>>();
  readonly #warm = new Map<CameraId, Disposable>();
  readonly #changes: EventBus<StreamChange>;

  private constructor(options: StreamsOptions) {
    this.#options = options;
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
    const { video, audio } = await base.ready({ signal });
    const choose = (able: TranscodingAbility): RenditionChoice => chooseRendition({ video, audio, accepts, able });
    if (choose(ableToTranscodeAll).kind === "as-is") return base;
    const choice = choose(ableToTranscodeNothing);
    switch (choice.kind) {
      case "as-is":
      case "derived":
        return base;
      case "silent":
        this.#options.log.warn("no transcoder for the camera's sound", { camera, tier, codec: choice.codec });
        return base;
      case "no-transcoder":
        throw new GatehouseError(
          "transcoder-missing",
          `The camera sends ${choice.codec}, which this viewer cannot show, and no ffmpeg was found to convert it.`,
        );
      case "unplayable":
        throw new GatehouseError(
          "codec-unsupported",
          `The viewer shows no ${choice.codec}, and none that the gateway could make of it.`,
        );
    }
  }

  /** Keeps one tier of the camera connected when nobody watches, or lets it go. */
  setWarm(camera: CameraId, warm: boolean, tier: TierName = "main"): void {
    const before = this.#warm.get(camera);
    this.#warm.delete(camera);
    if (warm) this.#warm.set(camera, this.of(camera, tier).hold());
    before?.[Symbol.dispose]();
  }

  /**
   * The camera is gone, or its address or password is another: its viewers end with `stream-ended`, all it had failed
   * with is forgotten.
   */
  async close(camera: CameraId): Promise<void> {
    const tiers = [...(this.#streams.get(camera)?.values() ?? [])];
    this.#streams.delete(camera);
    this.#warm.get(camera)?.[Symbol.dispose]();
    this.#warm.delete(camera);
    await Promise.all(tiers.map((stream) => stream[Symbol.asyncDispose]()));
  }

  status(): StreamStatus[] {
    return [...this.#streams.values()].flatMap((tiers) => [...tiers.values()].map((stream) => stream.status));
  }

  health(): StreamHealth[] {
    return [...this.#streams.values()].flatMap((tiers) => [...tiers.values()].map((stream) => stream.health));
  }

  /** Reports every change from now on. */
  onState(listener: (change: StreamChange) => void): Disposable {
    return this.#changes.on(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#streams.keys()].map((camera) => this.close(camera)));
  }

  #make(camera: CameraId, tier: TierName): Stream {
    const { endpoint, openSource, clock, log, random, lingerMs, ringBytes, prerollMs = 0 } = this.#options;
    return new Stream({
      camera,
      tier,
      open: async (cancel) => openSource(await endpoint(camera, tier, cancel), cancel),
      clock,
      log: log.child({ camera, tier }),
      random,
      lingerMs: lingerMs ?? defaultLingerMs,
      ringBytes: ringBytes ?? defaultRingBytes + prerollMs * prerollBytesPerMs,
      prerollMs,
      onState: (state) => this.#changes.emit({ camera, tier, state }),
    });
  }
}
