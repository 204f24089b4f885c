import { untilAborted, type CameraId, type Cancellable, type Clock } from "@gatehouse/shared";

import type { KeyPictures, Snapshot } from "../ports.ts";
import { sharedForMs, type SnapshotWay } from "./snapshot-policy.ts";
import { SnapshotTaker, type SnapshotWish } from "./snapshot-taker.ts";

export interface SnapshotsOptions {
  readonly clock: Clock;
  /** Undefined where pictures come from cameras alone. */
  readonly pictures: KeyPictures | undefined;
  /** Aborted when the gateway closes. */
  readonly closing: Cancellable;
}

export interface SnapshotRequest extends SnapshotWish {
  readonly camera: CameraId;
}

interface Taken {
  readonly snapshot: Snapshot;
  /** Clock.monotonic() when it began to be taken. */
  readonly at: number;
}

interface Awaited {
  readonly snapshot: Promise<Snapshot>;
  readonly fresh: boolean;
  /** What the picture shows is settled: it comes too late for who asks for a fresh one now. */
  begun: boolean;
}

interface Album {
  readonly taker: SnapshotTaker;
  readonly taken: Map<string, Taken>;
  readonly awaited: Map<string, Awaited>;
}

/** The camera's own pictures have the size of their tier; decoded ones are made for a width. */
const keyOf = ({ tiers, width }: SnapshotRequest, way: SnapshotWay | undefined): string =>
  way === "own" || width === undefined ? (tiers[0] ?? "") : `${tiers[0] ?? ""} ${width}`;

/**
 * Still pictures of every camera. What one brings is shared among all who ask meanwhile or shortly after; who wants a fresh
 * one shares with those alone who came before it was begun.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #albums = new Map<CameraId, Album>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError as SnapshotTaker.take */
  async get(request: SnapshotRequest, { signal }: Cancellable): Promise<Snapshot> {
    signal.throwIfAborted();
    const album = this.#album(request.camera);
    const kept = album.taken.get(keyOf(request, undefined)) ?? album.taken.get(keyOf(request, "own"));
    const plan = album.taker.plan(request, kept?.at);
    if (plan.kind === "taken" && kept !== undefined) return kept.snapshot;
    const ways = plan.kind === "take" ? plan.ways : [];
    const key = keyOf(request, ways[0]);
    const awaited = album.awaited.get(key);
    const serves = awaited !== undefined && (!request.fresh || (awaited.fresh && !awaited.begun));
    return untilAborted(signal, serves ? awaited.snapshot : this.#take(album, { request, ways, key }));
  }

  forget(camera: CameraId): void {
    this.#albums.delete(camera);
  }

  #album(camera: CameraId): Album {
    const known = this.#albums.get(camera);
    if (known !== undefined) return known;
    const { clock, pictures, closing } = this.#options;
    const taker = new SnapshotTaker({ camera, clock, pictures, closing });
    const made: Album = { taker, taken: new Map(), awaited: new Map() };
    this.#albums.set(camera, made);
    return made;
  }

  #take(
    { taker, taken, awaited }: Album,
    { request, ways, key }: { request: SnapshotRequest; ways: readonly SnapshotWay[]; key: string },
  ): Promise<Snapshot> {
    const { clock } = this.#options;
    let at = clock.monotonic();
    const begin = (): void => {
      entry.begun = true;
      at = clock.monotonic();
    };
    const taking = async (): Promise<Snapshot> => {
      // After this call has returned, so that those who ask in the same turn share.
      await Promise.resolve();
      // Pictures of the camera's own size serve all who ask for its tier: so must what takes their place.
      const wish = ways[0] === "own" ? { ...request, width: undefined } : request;
      const snapshot = await taker.take(ways, wish, begin);
      this.#keep(taken, key, { snapshot, at });
      return snapshot;
    };
    const snapshot = taking().finally(() => {
      if (awaited.get(key) === entry) awaited.delete(key);
    });
    const entry: Awaited = { snapshot, fresh: request.fresh, begun: false };
    awaited.set(key, entry);
    return snapshot;
  }

  #keep(taken: Map<string, Taken>, key: string, picture: Taken): void {
    for (const [other, { at }] of taken) if (picture.at - at > sharedForMs) taken.delete(other);
    if ((taken.get(key)?.at ?? Number.NEGATIVE_INFINITY) <= picture.at) taken.set(key, picture);
  }
}
