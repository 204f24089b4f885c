import {
  assertNever,
  EventBus,
  GatehouseError,
  GatewayClient,
  stopped,
  supervise,
  toGatehouseError,
  withDeadline,
  type Camera,
  type CameraId,
  type Cancellable,
  type ConnectionState,
  type ErrorCode,
  type Event,
  type Identity,
  type Logger,
  type ServerMessage,
} from "@gatehouse/shared";
import { randomUUID } from "node:crypto";

import { explain } from "./flow-error.ts";
import { identify, type IdentifyOptions } from "./identify.ts";
import { missedMotion } from "./missed-motion-policy.ts";

export interface GatewayConnectionOptions extends IdentifyOptions {
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

export type LinkState =
  | ConnectionState
  /** Trying again cannot help: a person must paste another pairing string, which makes a new connection. */
  | { readonly kind: "unpaired"; readonly error: GatehouseError };

/** What the nodes that use a connection want to hear. */
export interface ConnectionListener {
  event?(event: Event, camera: Camera | undefined): void;
  state?(state: LinkState): void;
}

type Signal = { readonly event: Event; readonly camera: Camera | undefined } | { readonly state: LinkState };
type Hello = Extract<ServerMessage, { kind: "hello" }>;

export interface Picture {
  readonly jpeg: Buffer;
  /** Milliseconds since the epoch. */
  readonly capturedAt: number;
  readonly camera: Camera;
}

/** How long a request waits for a connection that is being made, as when a flow starts. */
const greetingMs = 10_000;

/** One paired connection to a gateway, shared by every node that names its config node. Pairs by itself, once. */
export class GatewayConnection {
  readonly #options: GatewayConnectionOptions;
  readonly #stop = new AbortController();
  readonly #bus: EventBus<Signal>;
  readonly #work: Promise<void>;
  #cameras = new Map<CameraId, Camera>();
  #moving = new Set<CameraId>();
  /** Whether the gateway has ever told of its cameras. */
  #greeted = false;
  #client: GatewayClient | undefined;
  #reported: ErrorCode | undefined;
  #state: LinkState = { kind: "connecting" };

  constructor(options: GatewayConnectionOptions) {
    this.#options = options;
    this.#bus = new EventBus(options.log);
    this.#work = supervise({
      ...options,
      signal: this.#stop.signal,
      run: (cancel) => this.#open(cancel),
      onFailure: (error, retryInMs) => this.#enter({ kind: "waiting", error, retryInMs }),
    });
  }

  /** The cameras that this connection may see, as of the gateway's last word. */
  get cameras(): readonly Camera[] {
    return [...this.#cameras.values()];
  }

  /** Hears of events and of the connection's state, starting with the present one. */
  watch(listener: ConnectionListener): Disposable {
    listener.state?.(this.#state);
    return this.#bus.on((signal) => {
      if ("state" in signal) listener.state?.(signal.state);
      else listener.event?.(signal.event, signal.camera);
    });
  }

  /**
   * @param camera its id or its name
   * @throws GatehouseError `not-found`, what the gateway answered, or why it cannot be asked
   */
  async snapshot(camera: string, size: { width?: number }, cancel: Cancellable): Promise<Picture> {
    const client = await this.#ready(cancel);
    const found = this.#find(camera);
    return { ...(await client.snapshot(found.id, size, cancel)), camera: found };
  }

  async close(): Promise<void> {
    this.#stop.abort(stopped("closed"));
    await this.#work;
    await this.#client?.[Symbol.asyncDispose]();
    this.#enter({ kind: "closed" });
  }

  /** Resolves once the cameras are known; rejects with why they are not. */
  async #ready({ signal }: Cancellable): Promise<GatewayClient> {
    if (!this.#greeted) {
      const settled = Promise.withResolvers<LinkState>();
      const watching = this.watch({
        state: (state) => {
          if (state.kind !== "idle" && state.kind !== "connecting") settled.resolve(state);
        },
      });
      const deadline = { signal, clock: this.#options.clock, ms: greetingMs, what: "the gateway's list of cameras" };
      try {
        const state = await withDeadline(deadline, () => settled.promise);
        if ("error" in state) throw state.error;
      } finally {
        watching[Symbol.dispose]();
      }
    }
    if (this.#client === undefined) throw stopped("closed");
    return this.#client;
  }

  #find(camera: string): Camera {
    const found = this.cameras.filter(({ id, name }) => id === camera || name === camera);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const names = this.cameras.map(({ name }) => name).join(", ");
    throw new GatehouseError(
      "not-found",
      found.length > 1 ? `Several cameras are called ${camera}.` : `There is no camera ${camera}.`,
      {
        remedy:
          names === ""
            ? "This connection may see no camera yet: add one to the gateway, or ask its owner for a grant."
            : `Choose one of: ${names}. Its id works too.`,
      },
    );
  }

  async #open(cancel: Cancellable): Promise<void> {
    try {
      this.#attach(await identify(this.#options, cancel));
    } catch (cause) {
      const error = toGatehouseError(cause);
      if (error.retry === "later") throw error;
      this.#enter({ kind: "unpaired", error });
    }
  }

  #attach(identity: Identity): void {
    this.#client = new GatewayClient({ ...this.#options, identity });
    this.#client.watch({
      state: (state) => {
        // Said by `#greet`, when the cameras are known as well.
        if (state.kind !== "connected") this.#enter(state);
      },
      message: (message) => {
        if (message.kind === "hello") this.#greet(message);
        else this.#tell(message.event);
      },
    });
  }

  #greet({ cameras, motion }: Hello): void {
    const moving = new Set(motion);
    // What moves when a flow starts is old news; after that, a flow that waits for the end of motion must hear of it.
    const missed = this.#greeted ? missedMotion(this.#moving, moving) : [];
    this.#greeted = true;
    this.#cameras = new Map(cameras.map((camera) => [camera.id, camera]));
    this.#moving = moving;
    this.#enter({ kind: "connected" });
    const at = this.#options.clock.now();
    for (const change of missed) this.#tell({ kind: "motion", id: randomUUID(), at, topic: "", ...change });
  }

  #tell(event: Event): void {
    const camera = this.#cameras.get(event.camera);
    this.#learn(event, camera);
    this.#bus.emit({ event, camera });
  }

  #learn(event: Event, camera: Camera | undefined): void {
    switch (event.kind) {
      case "motion":
        if (event.active) this.#moving.add(event.camera);
        else this.#moving.delete(event.camera);
        return;
      case "camera-state":
        if (camera !== undefined) this.#cameras.set(camera.id, { ...camera, state: event.state });
        return;
      case "camera-removed":
        this.#cameras.delete(event.camera);
        this.#moving.delete(event.camera);
        return;
      case "camera-added":
        void this.#refresh();
        return;
      case "finding":
        return;
      default:
        assertNever(event);
    }
  }

  async #refresh(): Promise<void> {
    try {
      const cameras = await this.#client?.call("listCameras", {}, { signal: this.#stop.signal });
      this.#cameras = new Map((cameras ?? []).map((camera) => [camera.id, camera]));
    } catch (error) {
      this.#options.log.warn("could not read the list of cameras", { code: toGatehouseError(error).code });
    }
  }

  #enter(state: LinkState): void {
    this.#report(state);
    this.#state = state;
    this.#bus.emit({ state });
  }

  /** What only a person can mend is said once, and not at each of the rare tries that follow. */
  #report(state: LinkState): void {
    if (state.kind === "connected") this.#reported = undefined;
    if (!("error" in state) || state.error.code === this.#reported) return;
    const { retry, code } = state.error;
    if (retry === "later" && code !== "internal") return;
    this.#reported = code;
    this.#options.log.error(explain(state.error));
  }
}
