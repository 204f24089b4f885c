import {
  GatehouseError,
  isGatehouseError,
  toGatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type TierName,
} from "@gatehouse/shared";

import type { KeyPicture, KeyPictures, Snapshot } from "../ports.ts";
import { planSnapshot, type SnapshotFacts, type SnapshotPlan, type SnapshotWay } from "./snapshot-policy.ts";

export interface SnapshotTakerOptions {
  readonly camera: CameraId;
  readonly clock: Clock;
  readonly pictures: KeyPictures | undefined;
  /** Ends what was begun: askers who go away do not, for others may wait for it. */
  readonly closing: Cancellable;
}

/** One picture that is wanted of a camera. */
export interface SnapshotWish {
  readonly fresh: boolean;
  /** Streams that serve it, best first: the smallest that is large enough, then larger ones. None where the camera has none. */
  readonly tiers: readonly TierName[];
  /** Pixels across; undefined for the whole picture. */
  readonly width: number | undefined;
  /** Asks the camera for its own picture, and ends by itself; undefined where it has none. */
  readonly own: (() => Promise<Snapshot>) | undefined;
}

/** For so long a camera whose own picture failed is asked for it last. */
const failingForMs = 60_000;

/** Takes still pictures of one camera, by the way that promises most, and by another where that fails. */
export class SnapshotTaker {
  readonly #options: SnapshotTakerOptions;
  /** Ends with the last request that was made of the camera: it sees one at a time. */
  #asked: Promise<unknown> = Promise.resolve();
  #failedAt = Number.NEGATIVE_INFINITY;
  #ownMs: number | undefined;
  #decodeMs: number | undefined;
  /** What was made, or is being made, of key pictures that are still in memory, by width: none is decoded twice. */
  readonly #decoded = new WeakMap<KeyPicture["unit"], Map<number | undefined, Promise<Snapshot>>>();

  constructor(options: SnapshotTakerOptions) {
    this.#options = options;
  }

  /** @param takenAt of the picture that is kept, in Clock.monotonic(); undefined where there is none */
  plan({ fresh, own, tiers }: SnapshotWish, takenAt: number | undefined): SnapshotPlan {
    const { pictures, clock } = this.#options;
    const now = clock.monotonic();
    const decodable = pictures?.decodable === true && tiers.length > 0;
    const key = decodable ? this.#newest(tiers) : undefined;
    const failing = now - this.#failedAt < failingForMs;
    const facts: SnapshotFacts = {
      fresh,
      takenAgoMs: takenAt === undefined ? undefined : now - takenAt,
      own: own === undefined ? "none" : failing ? "failing" : "works",
      ownMs: this.#ownMs,
      decodeMs: this.#decodeMs,
      decodable,
      keyAgeMs: key === undefined ? undefined : now - key.unit.arrivedAt,
    };
    return planSnapshot(facts);
  }

  /**
   * @param onBegun called once, when what will be seen on the picture is settled
   * @throws GatehouseError what the first way failed with that could have worked, or `snapshot-unsupported`
   */
  async take(ways: readonly SnapshotWay[], wish: SnapshotWish, onBegun: () => void): Promise<Snapshot> {
    const failures: GatehouseError[] = [];
    for (const way of ways) {
      try {
        return await this.#by(way, wish, onBegun);
      } catch (error) {
        this.#options.closing.signal.throwIfAborted();
        failures.push(toGatehouseError(error));
      }
    }
    const idle = ["snapshot-unsupported", "transcoder-missing"];
    throw failures.find(({ code }) => !idle.includes(code)) ?? failures[0] ?? this.#unsupported();
  }

  #by(way: SnapshotWay, wish: SnapshotWish, onBegun: () => void): Promise<Snapshot> {
    switch (way) {
      case "own":
        return this.#own(wish, onBegun);
      case "memory":
        return this.#memory(wish, onBegun);
      case "next":
        return this.#next(wish, onBegun);
    }
  }

  async #own({ own }: SnapshotWish, onBegun: () => void): Promise<Snapshot> {
    const { clock, closing } = this.#options;
    if (own === undefined) throw this.#unsupported();
    const turn = this.#asked.then(async () => {
      closing.signal.throwIfAborted();
      onBegun();
      const began = clock.monotonic();
      try {
        const snapshot = await own();
        this.#ownMs = clock.monotonic() - began;
        this.#failedAt = Number.NEGATIVE_INFINITY;
        return snapshot;
      } catch (error) {
        if (!isGatehouseError(error) || error.code !== "aborted") this.#failedAt = clock.monotonic();
        throw error;
      }
    });
    this.#asked = turn.catch(() => undefined);
    return turn;
  }

  async #memory({ tiers, width }: SnapshotWish, onBegun: () => void): Promise<Snapshot> {
    onBegun();
    const picture = this.#newest(tiers);
    if (picture === undefined) throw new GatehouseError("stream-ended", "The camera's stream is gone.");
    return this.#decode(picture, width);
  }

  async #next({ tiers, width }: SnapshotWish, onBegun: () => void): Promise<Snapshot> {
    const { camera, pictures, closing } = this.#options;
    const tier = this.#liveTier(tiers) ?? tiers[0];
    if (pictures === undefined || tier === undefined) throw this.#unsupported();
    const picture = await pictures.next(camera, tier, closing);
    onBegun();
    return this.#decode(picture, width);
  }

  #decode(picture: KeyPicture, width: number | undefined): Promise<Snapshot> {
    const snapshots = this.#decoded.get(picture.unit) ?? new Map<number | undefined, Promise<Snapshot>>();
    this.#decoded.set(picture.unit, snapshots);
    const known = snapshots.get(width);
    if (known !== undefined) return known;
    const made = this.#toSnapshot(picture, width);
    snapshots.set(width, made);
    // Another attempt may succeed.
    made.catch(() => snapshots.delete(width));
    return made;
  }

  async #toSnapshot(picture: KeyPicture, width: number | undefined): Promise<Snapshot> {
    const { pictures, clock, closing } = this.#options;
    if (pictures === undefined) throw this.#unsupported();
    const { arrivedAt } = picture.unit;
    const began = clock.monotonic();
    // When it came, not when it was decoded: that is what it shows.
    const capturedAt = Math.round(clock.now() - (began - arrivedAt));
    const snapshot = { jpeg: await pictures.toJpeg(picture, width, closing), capturedAt };
    this.#decodeMs = clock.monotonic() - began;
    return snapshot;
  }

  #liveTier(tiers: readonly TierName[]): TierName | undefined {
    const { camera, pictures } = this.#options;
    return tiers.find((tier) => pictures?.newest(camera, tier) !== undefined);
  }

  #newest(tiers: readonly TierName[]): KeyPicture | undefined {
    const { camera, pictures } = this.#options;
    const tier = this.#liveTier(tiers);
    return tier === undefined ? undefined : pictures?.newest(camera, tier);
  }

  #unsupported(): GatehouseError {
    return new GatehouseError(
      "snapshot-unsupported",
      "This camera offers no still picture of its own, and the gateway found no ffmpeg to make one of its stream.",
      { remedy: "Install ffmpeg on the gateway's box (on Debian: `sudo apt install ffmpeg`) and start it again." },
    );
  }
}
