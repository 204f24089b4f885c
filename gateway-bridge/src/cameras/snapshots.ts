import { untilAborted, type CameraId, type Cancellable, type Clock, type TierName } from "@gatehouse/shared";

import type { Snapshot } from "../ports.ts";

/** How old a picture may be to serve another asker. */
export const sharedForMs = 2_000;

export interface SnapshotRequest {
  readonly camera: CameraId;
  readonly tier: TierName;
  /** Asks the camera. Must end by itself: it is not stopped when an asker goes away, for others may wait for it. */
  readonly take: () => Promise<Snapshot>;
}

interface Pictures {
  readonly taken: Map<TierName, { readonly snapshot: Snapshot; readonly at: number }>;
  readonly awaited: Map<TierName, Promise<Snapshot>>;
  /** Ends with the last request that was made of the camera. */
  queue: Promise<unknown>;
}

/** Asks each camera for one picture at a time, and shares what it brings among all who ask meanwhile or shortly after. */
export class Snapshots {
  readonly #clock: Clock;
  readonly #cameras = new Map<CameraId, Pictures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(request: SnapshotRequest, { signal }: Cancellable): Promise<Snapshot> {
    signal.throwIfAborted();
    const pictures = this.#pictures(request.camera);
    const last = pictures.taken.get(request.tier);
    if (last !== undefined && this.#clock.monotonic() - last.at <= sharedForMs) return last.snapshot;
    return untilAborted(signal, pictures.awaited.get(request.tier) ?? this.#take(pictures, request));
  }

  forget(camera: CameraId): void {
    this.#cameras.delete(camera);
  }

  #pictures(camera: CameraId): Pictures {
    const known = this.#cameras.get(camera);
    if (known !== undefined) return known;
    const made: Pictures = { taken: new Map(), awaited: new Map(), queue: Promise.resolve() };
    this.#cameras.set(camera, made);
    return made;
  }

  #take(pictures: Pictures, { tier, take }: SnapshotRequest): Promise<Snapshot> {
    const { taken, awaited } = pictures;
    const asking = pictures.queue
      .then(async () => {
        const at = this.#clock.monotonic();
        const snapshot = await take();
        taken.set(tier, { snapshot, at });
        return snapshot;
      })
      .finally(() => awaited.delete(tier));
    awaited.set(tier, asking);
    pictures.queue = asking.catch(() => undefined);
    return asking;
  }
}
