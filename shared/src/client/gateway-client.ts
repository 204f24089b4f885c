import type { FileRouteName, JsonRouteName, RouteAnswer, RouteCall } from "../contract/api.ts";
import type { ServerMessage } from "../contract/event.ts";
import type { CameraId } from "../contract/ids.ts";
import type { Identity } from "../contract/pairing.ts";
import { stopped, type Cancellable } from "../kernel/abort.ts";
import type { Clock } from "../kernel/clock.ts";
import type { GatehouseError } from "../kernel/errors.ts";
import { EventBus } from "../kernel/event-bus.ts";
import type { Logger } from "../kernel/logger.ts";
import { supervise } from "../kernel/supervise.ts";
import { callFile, callRoute, callSnapshot, type Picture } from "./call-route.ts";
import { receiveEvents } from "./events-connection.ts";
import { PinnedHttps } from "./pinned-https.ts";

/** How the events connection fares. */
export type ConnectionState =
  /** Nobody watches. */
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  /** `hello` came. */
  | { readonly kind: "connected" }
  | { readonly kind: "waiting"; readonly error: GatehouseError; readonly retryInMs: number }
  | { readonly kind: "closed" };

export interface GatewayClientOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

/** Methods, so that a listener takes only what it wants. Both are called synchronously and in order. */
export interface GatewayListener {
  /** `hello` first, and again after every reconnect: it replaces what was known before. */
  message?(message: ServerMessage): void;
  state?(state: ConnectionState): void;
}

type Signal = { readonly message: ServerMessage } | { readonly state: ConnectionState };
interface Watch {
  readonly stopping: AbortController;
  readonly done: Promise<void>;
}

/** A paired client's way to its gateway. Every connection has the gateway's key checked before a byte is sent. */
export class GatewayClient implements AsyncDisposable {
  readonly #options: GatewayClientOptions;
  readonly #https: PinnedHttps;
  readonly #bus: EventBus<Signal>;
  #listeners = 0;
  #watch: Watch | undefined;
  #state: ConnectionState = { kind: "idle" };

  constructor(options: GatewayClientOptions) {
    const { address, gatewayPin, certificate, privateKey } = options.identity;
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === gatewayPin;
    this.#options = options;
    this.#https = new PinnedHttps({ address, accepts, certificate, privateKey, clock: options.clock });
    this.#bus = new EventBus(options.log);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** @throws GatehouseError what the gateway answered, `gateway-unreachable`, `gateway-impostor`, or the signal's reason */
  call<N extends JsonRouteName>(name: N, request: Partial<RouteCall<N>>, cancel: Cancellable): Promise<RouteAnswer<N>> {
    return callRoute(this.#https, { ...request, name }, cancel);
  }

  /** A file, piece by piece. Throws before the first what the gateway answered instead, and later where it breaks off. */
  download<N extends FileRouteName>(
    name: N,
    request: Partial<RouteCall<N>>,
    cancel: Cancellable,
  ): AsyncIterable<Buffer> {
    return callFile(this.#https, { ...request, name }, cancel);
  }

  /** A still picture of a camera, near the size asked for. */
  snapshot(camera: CameraId, size: { width?: number; height?: number }, cancel: Cancellable): Promise<Picture> {
    return callSnapshot(this.#https, { params: { camera }, query: size }, cancel);
  }

  /**
   * Listens to the gateway's events. The first listener opens the connection, which then comes back for ever by itself;
   * the last one to leave closes it. The listener hears the present state at once, and `hello` only when it next comes.
   */
  watch(listener: GatewayListener): Disposable {
    const subscription = this.#bus.on((signal) => {
      if ("message" in signal) listener.message?.(signal.message);
      else listener.state?.(signal.state);
    });
    this.#listeners += 1;
    if (this.#state.kind === "idle") this.#start();
    else listener.state?.(this.#state);
    let listening = true;
    return {
      [Symbol.dispose]: () => {
        if (!listening) return;
        listening = false;
        subscription[Symbol.dispose]();
        this.#listeners -= 1;
        if (this.#listeners === 0 && this.#state.kind !== "closed") this.#stop({ kind: "idle" });
      },
    };
  }

  /** Ends every call and the events connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ending = this.#watch?.done;
    this.#stop({ kind: "closed" });
    this.#https[Symbol.dispose]();
    await ending;
  }

  #start(): void {
    const { clock, log, random, identity } = this.#options;
    const stopping = new AbortController();
    const { signal } = stopping;
    const done = supervise({
      clock,
      log: log.child({ gateway: identity.address }),
      random,
      signal,
      run: ({ healthy }) => {
        this.#enter({ kind: "connecting" }, signal);
        const onMessage = (message: ServerMessage): void => {
          if (signal.aborted) return;
          if (message.kind === "hello") {
            healthy();
            this.#enter({ kind: "connected" }, signal);
          }
          this.#bus.emit({ message });
        };
        return receiveEvents({ https: this.#https, address: identity.address, clock, log, onMessage }, { signal });
      },
      onFailure: (error, retryInMs) => this.#enter({ kind: "waiting", error, retryInMs }, signal),
    });
    this.#watch = { stopping, done };
  }

  #stop(state: ConnectionState): void {
    this.#watch?.stopping.abort(stopped("closed"));
    this.#watch = undefined;
    this.#enter(state);
  }

  /** A connection that was stopped says no more. */
  #enter(state: ConnectionState, signal?: AbortSignal): void {
    if (signal?.aborted === true) return;
    this.#state = state;
    this.#bus.emit({ state });
  }
}
