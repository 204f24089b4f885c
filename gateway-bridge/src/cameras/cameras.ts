import {
  CameraId,
  GatehouseError,
  type AddCamera,
  type Cancellable,
  type Clock,
  type DiscoveredCamera,
  type Event,
  type EventBus,
  type Logger,
  type TierName,
} from "@gatehouse/shared";
import { randomBytes, randomUUID } from "node:crypto";
import type { networkInterfaces } from "node:os";

import type { CameraRecord, StreamEndpoint } from "../domain/camera.ts";
import type { CameraDriver, KeyPictures, OpenSource, ProbeTalk, SecretStore, Snapshot } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { adopt } from "./adoption.ts";
import { CameraEvents } from "./camera-events.ts";
import { CameraStore, type NewCamera } from "./camera-store.ts";
import { discover, type DiscoverOptions } from "./discover.ts";
import { OnvifDriver } from "./onvif-driver.ts";
import { RtspDriver } from "./rtsp-driver.ts";
import { snapshotWidth } from "./snapshot-policy.ts";
import { Snapshots } from "./snapshots.ts";
import { StillDriver } from "./still-driver.ts";
import { tiersForSize } from "./tier-policy.ts";

export interface CamerasOptions {
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly openSource: OpenSource;
  readonly probeTalk: ProbeTalk;
  /** Where still pictures come from besides the cameras; undefined: from nowhere. */
  readonly pictures?: KeyPictures;
  readonly bus: EventBus<Event>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
  readonly interfaces: typeof networkInterfaces;
  /** Where discovery looks, if not at the whole network. */
  readonly discovery?: DiscoverOptions["at"];
  /** Told why a camera's events do not come, and with undefined when they flow. */
  readonly onEventsHealth?: (camera: CameraId, error: GatehouseError | undefined) => void;
}

/** Which still picture is wanted. */
export interface SnapshotWish {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fresh?: boolean | undefined;
}

/** A camera that is at work. */
interface Post extends AsyncDisposable {
  readonly driver: CameraDriver;
  readonly events: CameraEvents | undefined;
}

/** The cameras under the gateway's guard. */
export class Cameras implements AsyncDisposable {
  readonly #options: CamerasOptions;
  readonly #store: CameraStore;
  readonly #snapshots: Snapshots;
  readonly #posts = new Map<CameraId, Post>();
  readonly #closing = new AbortController();

  private constructor(options: CamerasOptions, store: CameraStore) {
    this.#options = options;
    this.#store = store;
    const { clock, pictures } = options;
    this.#snapshots = new Snapshots({ clock, pictures, closing: this.#closing });
  }

  /** @throws GatehouseError what the secret store throws where it cannot give a camera's credentials */
  static async open(options: CamerasOptions, { signal }: Cancellable): Promise<Cameras> {
    signal.throwIfAborted();
    await using opening = new AsyncDisposableStack();
    const cameras = opening.use(new Cameras(options, new CameraStore(options.database, options.secrets)));
    for (const record of cameras.list()) cameras.#posts.set(record.id, cameras.#man(record));
    opening.move();
    return cameras;
  }

  list(): readonly CameraRecord[] {
    return this.#store.list().map((record) => this.#seen(record));
  }

  /** @throws GatehouseError `not-found` */
  get(id: CameraId): CameraRecord {
    return this.#seen(this.#store.get(id));
  }

  /**
   * Adopts a camera: it is asked, proved, then stored and watched. Whatever fails, nothing is changed.
   * @throws GatehouseError as `adopt`
   */
  async add(request: AddCamera & { readonly warm: boolean }, { signal }: Cancellable): Promise<CameraRecord> {
    const { openSource, probeTalk, clock } = this.#options;
    const checkNew = (url: string): void => this.#store.checkNew(url);
    const cancel = { signal: AbortSignal.any([signal, this.#closing.signal]) };
    const options = { id: newCameraId(), openSource, probeTalk, clock, checkNew };
    const adopted: NewCamera = await adopt(request, options, cancel);
    cancel.signal.throwIfAborted();
    const { record } = adopted;
    this.#store.add(adopted);
    this.#posts.set(record.id, this.#man(record));
    this.#announce("camera-added", record.id);
    return this.#seen(record);
  }

  /** @throws GatehouseError `not-found` */
  async remove(id: CameraId): Promise<void> {
    this.#store.remove(id);
    const post = this.#posts.get(id);
    this.#posts.delete(id);
    this.#snapshots.forget(id);
    this.#announce("camera-removed", id);
    await post?.[Symbol.asyncDispose]();
  }

  async discover(cancel: Cancellable): Promise<DiscoveredCamera[]> {
    const { clock, log, interfaces, discovery: at } = this.#options;
    return discover({ clock, log, interfaces, at, known: this.list() }, cancel);
  }

  /**
   * A picture at most 2 s old where the camera has its own, or the newest key picture of its stream; a `fresh` one shows what
   * is there now.
   * @throws GatehouseError `not-found`, `snapshot-unsupported`, `camera-...`
   */
  async snapshot(id: CameraId, wish: SnapshotWish, cancel: Cancellable): Promise<Snapshot> {
    const { kind, description } = this.#store.get(id);
    const { tiers: known, snapshot: offered } = description;
    const { driver } = this.#post(id);
    const { width, height, fresh = false } = wish;
    const tiers = kind === "still" ? [] : tiersForSize(known, wish);
    const tierWidth = known.find(({ name }) => name === tiers[0])?.width ?? 0;
    const own = offered ? () => driver.snapshot({ width, height }, this.#closing) : undefined;
    const request = { camera: id, tiers, width: snapshotWidth(wish, tierWidth), fresh, own };
    return this.#snapshots.get(request, cancel);
  }

  /** @throws GatehouseError `not-found`, `camera-...` */
  async endpoint(id: CameraId, tier: TierName, cancel: Cancellable): Promise<StreamEndpoint> {
    return this.#post(id).driver.endpoint(tier, cancel);
  }

  inMotion(): readonly CameraId[] {
    return [...this.#posts].filter(([, { events }]) => events?.inMotion === true).map(([id]) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the gateway is closing"));
    const posts = [...this.#posts.values()];
    this.#posts.clear();
    await Promise.all(posts.map((post) => post[Symbol.asyncDispose]()));
  }

  /** A camera without still pictures of its own has those of its stream, where they can be decoded. */
  #seen(record: CameraRecord): CameraRecord {
    const { description } = record;
    if (description.snapshot || this.#options.pictures?.decodable !== true) return record;
    return { ...record, description: { ...description, snapshot: true } };
  }

  #post(id: CameraId): Post {
    this.#store.get(id);
    const post = this.#posts.get(id);
    if (post === undefined) throw new GatehouseError("aborted", "the gateway is closing");
    return post;
  }

  /** Puts a driver in charge of a camera, and somebody to listen for its events. */
  #man(record: CameraRecord): Post {
    const { id } = record;
    const { clock, log, random, bus, onEventsHealth } = this.#options;
    const driver = this.#driverOf(record);
    const onHealth = (error: GatehouseError | undefined): void => onEventsHealth?.(id, error);
    const events = record.description.motion
      ? new CameraEvents({ camera: id, driver, bus, clock, log: log.child({ camera: id }), random, onHealth })
      : undefined;
    const relieve = async (): Promise<void> => {
      await events?.[Symbol.asyncDispose]();
      await driver[Symbol.asyncDispose]();
    };
    return { driver, events, [Symbol.asyncDispose]: relieve };
  }

  #driverOf(record: CameraRecord): CameraDriver {
    const { id: camera, pin, kind } = record;
    const { clock, openSource } = this.#options;
    const memories = this.#store.memories(camera);
    const own = { camera, url: new URL(record.url), pin, credentials: this.#store.credentials(camera) };
    switch (kind) {
      case "rtsp":
        return new RtspDriver({ ...own, openSource, memory: memories.rtsp });
      case "onvif":
        return new OnvifDriver({ ...own, clock, memories });
      case "still":
        return new StillDriver({ ...own, clock, memory: memories.snapshot });
    }
  }

  #announce(kind: "camera-added" | "camera-removed", camera: CameraId): void {
    this.#options.bus.emit({ kind, id: randomUUID(), camera, at: this.#options.clock.now() });
  }
}

/** `cam-` and 16 letters of base32: 80 random bits. */
const newCameraId = (): CameraId => {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return CameraId.parse(`cam-${[...randomBytes(16)].map((byte) => letters.charAt(byte % 32)).join("")}`);
};
