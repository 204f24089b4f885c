import {
  GatehouseError,
  GatewayClient,
  onAbort,
  pair,
  stopped,
  supervise,
  toGatehouseError,
  type Camera,
  type CameraId,
  type Cancellable,
  type Clock,
  type ConnectionState,
  type Event,
  type Identity,
  type Logger,
  type ServerMessage,
} from "@gatehouse/shared";

import { loadSealedIdentity, saveSealedIdentity, type SealedIdentity } from "./sealed-identity.ts";

export interface GatewayConnectionOptions {
  /** Undefined until the user pasted a pairing string. */
  readonly identity: SealedIdentity | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** What the nodes that use a connection want to hear. */
export interface ConnectionListener {
  readonly event?: (event: Event, camera: Camera | undefined) => void;
  readonly state?: (state: ConnectionState) => void;
}

export interface Picture {
  readonly jpeg: Buffer;
  readonly capturedAt: number;
  readonly camera: Camera;
}

/** One paired connection to a gateway, shared by every node that names its config node. Pairs by itself, once. */
export class GatewayConnection {
  readonly #options: GatewayConnectionOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<ConnectionListener>();
  readonly #cameras = new Map<CameraId, Camera>();
  readonly #work: Promise<void>;
  #client: GatewayClient | undefined;
  #state: ConnectionState = { kind: "connecting" };

  constructor(options: GatewayConnectionOptions) {
    this.#options = options;
    this.#work = this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The cameras that this connection may see, as of the gateway's last word. */
  get cameras(): readonly Camera[] {
    return [...this.#cameras.values()];
  }

  /** Hears of events and of the connection's state, starting with the present one. */
  watch(listener: ConnectionListener): Disposable {
    this.#listeners.add(listener);
    listener.state?.(this.#state);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** @param camera its id or its name */
  async snapshot(camera: string, size: { width?: number; height?: number }, cancel: Cancellable): Promise<Picture> {
    const found = this.#find(camera);
    if (this.#client === undefined)
      throw new GatehouseError("gateway-unreachable", "The gateway is not connected yet.");
    return { ...(await this.#client.snapshot(found.id, size, cancel)), camera: found };
  }

  async close(): Promise<void> {
    this.#stop.abort(stopped("closed"));
    await this.#work;
    await this.#client?.[Symbol.asyncDispose]();
    this.#setState({ kind: "closed" });
    this.#listeners.clear();
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
        remedy: `Choose one of: ${names}. Its id works too.`,
      },
    );
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#options;
    const { signal } = this.#stop;
    await supervise({
      clock,
      random,
      log,
      signal,
      onFailure: (error, retryInMs) => this.#setState({ kind: "waiting", error, retryInMs }),
      run: async (cancel) => {
        try {
          this.#attach(await this.#identify(cancel));
        } catch (cause) {
          const error = toGatehouseError(cause);
          if (error.retry === "later" || signal.aborted) throw error;
          // Trying again cannot help: a person must paste another pairing string, which makes a new connection.
          log.error(`${error.message} ${error.remedy}`);
          this.#setState({ kind: "waiting", error, retryInMs: Number.POSITIVE_INFINITY });
        }
        await new Promise<void>((resolve) => void onAbort(signal, () => resolve()));
      },
    });
  }

  async #identify(cancel: Cancellable): Promise<Identity> {
    const { identity: sealed, clock } = this.#options;
    if (sealed === undefined) {
      throw new GatehouseError("unauthenticated", "This flow is not paired with a gateway yet.", {
        remedy: "Run `gatehouse pair --for node-red` and paste the pairing string into the gateway node.",
      });
    }
    const known = await loadSealedIdentity(sealed);
    if (known !== undefined) return known;
    const identity = await pair({ pairingString: sealed.pairingString.reveal(), kind: "node-red", clock }, cancel);
    await saveSealedIdentity(sealed, identity);
    return identity;
  }

  #attach(identity: Identity): void {
    const { clock, log, random } = this.#options;
    this.#client = new GatewayClient({ identity, clock, log, random });
    this.#client.watch({
      state: (state) => this.#setState(state),
      message: (message) => this.#receive(message),
    });
  }

  #receive(message: ServerMessage): void {
    if (message.kind === "hello") {
      this.#cameras.clear();
      for (const camera of message.cameras) this.#cameras.set(camera.id, camera);
      return;
    }
    const { event } = message;
    const camera = this.#cameras.get(event.camera);
    if (event.kind === "camera-state" && camera !== undefined)
      this.#cameras.set(camera.id, { ...camera, state: event.state });
    for (const listener of [...this.#listeners]) listener.event?.(event, camera);
    if (event.kind === "camera-removed") this.#cameras.delete(event.camera);
    if (event.kind === "camera-added") void this.#refresh();
  }

  async #refresh(): Promise<void> {
    try {
      const cameras = await this.#client?.call("listCameras", {}, { signal: this.#stop.signal });
      for (const camera of cameras ?? []) this.#cameras.set(camera.id, camera);
    } catch (error) {
      this.#options.log.warn("could not read the list of cameras", { code: toGatehouseError(error).code });
    }
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener.state?.(state);
  }
}
