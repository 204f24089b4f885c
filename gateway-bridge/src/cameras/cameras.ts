import {
  CameraId,
  GatehouseError,
  untilAborted,
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

import type { CameraRecord, Credentials, StreamEndpoint } from "../domain/camera.ts";
import type { CameraDriver, KeyPictures, OpenSource, ProbeTalk, SecretStore, Snapshot } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { adopt } from "./adoption.ts";
import type { AuthMemories } from "./auth-memories.ts";
import { CameraEvents } from "./camera-events.ts";
import { CameraStore, type ChangedCredentials, type NewCamera } from "./camera-store.ts";
import { discover, type DiscoverOptions } from "./discover.ts";
import { keepName } from "./named-host-policy.ts";
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
  /** Told when a camera has another password or address: what is connected by the old one must connect anew. */
  readonly onAccessChanged?: (camera: CameraId) => void;
  /** Cameras that rest from the start, until they are woken: nobody knows yet which password is theirs. */
  readonly resting?: readonly CameraId[];
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
  /** Resolved when the camera is woken. */
  readonly #resting = new Map<CameraId, PromiseWithResolvers<void>>();
  /** Drivers that were relieved and are not gone yet. */
  readonly #relieved = new Set<Promise<void>>();
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
    for (const id of options.resting ?? []) cameras.#resting.set(id, Promise.withResolvers());
    for (const record of cameras.list())
      if (!cameras.#resting.has(record.id)) cameras.#posts.set(record.id, cameras.#man(record));
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
    this.#snapshots.forget(id);
    this.#announce("camera-removed", id);
    const gone = this.#relieve(id);
    this.wake(id);
    await gone;
  }

  /** The login that it is watched with; undefined where the camera asks for none. */
  credentials(id: CameraId): Credentials | undefined {
    return this.#store.credentials(id);
  }

  /** The login that may change its settings. */
  managementCredentials(id: CameraId): Credentials | undefined {
    return this.#store.managementCredentials(id);
  }

  /** How strong its logins were so far. */
  memories(id: CameraId): AuthMemories {
    return this.#store.memories(id);
  }

  /**
   * Keeps everybody from logging in to the camera until it is woken, because its password is being changed: a wrong one would
   * count against the account. Streams that are connected go on; pictures and new streams wait. Resolves when the last question
   * that was under way has ended.
   * @throws GatehouseError `not-found`
   */
  async rest(id: CameraId): Promise<void> {
    this.#store.get(id);
    if (!this.#resting.has(id)) this.#resting.set(id, Promise.withResolvers());
    await this.#relieve(id);
  }

  /** Ends the rest, if there is one. */
  wake(id: CameraId): void {
    const resting = this.#resting.get(id);
    if (resting === undefined) return;
    this.#resting.delete(id);
    const record = this.#store.list().find((known) => known.id === id);
    if (record !== undefined && !this.#closing.signal.aborted) this.#posts.set(id, this.#man(record));
    resting.resolve();
  }

  /**
   * Other logins, durable and at work when it returns. Viewers stay: their streams connect anew.
   * @param also what has to become durable with them, or not at all
   * @throws GatehouseError `not-found`
   */
  changeCredentials(id: CameraId, changed: ChangedCredentials, also?: () => void): void {
    this.#store.changeCredentials(id, changed, also);
    if (changed.watching !== undefined) this.#beginAnew(id);
  }

  /** Another address or key, durable and at work when it returns. Viewers stay. @throws GatehouseError `not-found`, `camera-exists` */
  relocate(
    id: CameraId,
    { url, ...how }: { readonly url: URL; readonly pin: string | null; readonly secureStreams?: boolean },
  ): void {
    const place = keepName(new URL(this.#store.get(id).url), url);
    this.#store.relocate(id, { url: place.href, ...how });
    this.#beginAnew(id);
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
    const { driver } = await this.#awake(id, cancel);
    const { width, height, fresh = false } = wish;
    const tiers = kind === "still" ? [] : tiersForSize(known, wish);
    const tierWidth = known.find(({ name }) => name === tiers[0])?.width ?? 0;
    const own = offered ? () => driver.snapshot({ width, height }, this.#closing) : undefined;
    const request = { camera: id, tiers, width: snapshotWidth(wish, tierWidth), fresh, own };
    return this.#snapshots.get(request, cancel);
  }

  /** @throws GatehouseError `not-found`, `camera-...` */
  async endpoint(id: CameraId, tier: TierName, cancel: Cancellable): Promise<StreamEndpoint> {
    const { driver } = await this.#awake(id, cancel);
    return driver.endpoint(tier, cancel);
  }

  inMotion(): readonly CameraId[] {
    return [...this.#posts].filter(([, { events }]) => events?.inMotion === true).map(([id]) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the gateway is closing"));
    const posts = [...this.#posts.values()];
    this.#posts.clear();
    for (const { resolve } of this.#resting.values()) resolve();
    await Promise.all([...posts.map((post) => post[Symbol.asyncDispose]()), ...this.#relieved]);
  }

  /** A camera without still pictures of its own has those of its stream, where they can be decoded. */
  #seen(record: CameraRecord): CameraRecord {
    const { description } = record;
    if (description.snapshot || this.#options.pictures?.decodable !== true) return record;
    return { ...record, description: { ...description, snapshot: true } };
  }

  /** The camera's post, as soon as nobody is changing its password. */
  async #awake(id: CameraId, { signal }: Cancellable): Promise<Post> {
    for (;;) {
      this.#store.get(id);
      const resting = this.#resting.get(id);
      if (resting === undefined || this.#closing.signal.aborted) return this.#post(id);
      await untilAborted(signal, resting.promise);
    }
  }

  #post(id: CameraId): Post {
    const post = this.#posts.get(id);
    if (post === undefined) throw new GatehouseError("aborted", "the gateway is closing");
    return post;
  }

  /** Takes the driver from its post. Resolves when it has let go of the camera. */
  async #relieve(id: CameraId): Promise<void> {
    const post = this.#posts.get(id);
    if (post === undefined) return;
    this.#posts.delete(id);
    const gone = Promise.resolve(post[Symbol.asyncDispose]());
    this.#relieved.add(gone);
    await gone.finally(() => this.#relieved.delete(gone));
  }

  /** Another driver takes over, who knows the camera as it is stored now. */
  #beginAnew(id: CameraId): void {
    if (!this.#resting.has(id)) {
      void this.#relieve(id);
      this.#posts.set(id, this.#man(this.#store.get(id)));
    }
    this.#options.onAccessChanged?.(id);
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
    const { id: camera, pin, kind, secureStreams = false } = record;
    const { clock, openSource } = this.#options;
    const memories = this.#store.memories(camera);
    const own = { camera, url: new URL(record.url), pin, credentials: this.#store.credentials(camera) };
    switch (kind) {
      case "rtsp":
        return new RtspDriver({ ...own, openSource, memory: memories.rtsp });
      case "onvif":
        return new OnvifDriver({ ...own, secureStreams, clock, memories });
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
