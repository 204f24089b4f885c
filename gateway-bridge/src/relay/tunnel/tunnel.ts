import {
  EventBus,
  GatehouseError,
  isGatehouseError,
  onAbort,
  stopped,
  supervise,
  untilAborted,
  type Cancellable,
  type Clock,
  type Logger,
  type RelayPlace,
  type RemoteState,
  type TunnelId,
} from "@gatehouse/shared";

import type { AdmittedChannel, DeviceRoll } from "../../ports.ts";
import type { ChannelRefusal } from "./channel-policy.ts";
import { dialRelay, type Dial } from "./dial-relay.ts";
import { EnforcedRoll } from "./enforced-roll.ts";
import { LiveChannels } from "./live-channels.ts";
import { pauseBeforeReconnect } from "./reconnect-policy.ts";
import { TunnelCounts } from "./tunnel-counts.ts";
import type { TunnelKeys } from "./tunnel-key.ts";
import { isRekeyed, TunnelSession } from "./tunnel-session.ts";

/** A tunnel that stood that long forgets earlier failures: a relay that takes gateways and drops them is no healthy one. */
export const healthyAfterMs = 30_000;

export interface TunnelOptions {
  /** Where the relay is. Asked for at each connection. */
  readonly place: () => RelayPlace;
  /** What the relay knows this gateway by. */
  readonly id: TunnelId;
  readonly keys: TunnelKeys;
  readonly roll: DeviceRoll;
  /** Gets each channel whose device has proved its key to the gateway itself. */
  readonly accept: (channel: AdmittedChannel) => void;
  /** The relay has these keys now, one or two: keep them, so that `place` names them. */
  readonly learnRelayKeys: (pins: readonly string[]) => void;
  /** Counts on, where an earlier tunnel of this gateway was closed. */
  readonly counts?: TunnelCounts;
  /** `dialRelay` unless given. */
  readonly dial?: Dial;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

/** How the tunnel stands, since when, and why it does not. */
export type TunnelState = Pick<RemoteState, "since" | "trouble"> & {
  readonly connection: Exclude<RemoteState["connection"], "off">;
};

export interface TunnelFigures {
  /** Channels that stand now. */
  readonly channels: number;
  readonly admittedChannels: number;
  readonly refusedChannels: number;
  readonly refusedBy: Readonly<Record<ChannelRefusal, number>>;
  /** Bytes that came through admitted channels. */
  readonly receivedBytes: number;
  readonly reconnects: number;
}

/** The gateway's one way out: a connection that it dials to its relay and dials again when it is lost, and what comes through it. */
export class Tunnel implements AsyncDisposable {
  readonly #options: TunnelOptions;
  readonly #counts: TunnelCounts;
  readonly #live: LiveChannels;
  readonly #enforced = new EnforcedRoll();
  readonly #changes: EventBus<TunnelState>;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #state: TunnelState;
  #session: TunnelSession | undefined;
  #stood = false;
  #refusals = 0;
  #promoted = Promise.withResolvers<undefined>();

  private constructor(options: TunnelOptions) {
    const { clock, random, counts = new TunnelCounts() } = options;
    const log = options.log.child({ part: "tunnel" });
    this.#options = { ...options, log };
    this.#counts = counts;
    this.#live = new LiveChannels(counts);
    this.#changes = new EventBus(log);
    this.#state = { connection: "connecting", since: clock.now(), trouble: null };
    this.#running = supervise({
      run: (cancel) => this.#run(cancel),
      pauseBefore: pauseBeforeReconnect,
      onFailure: (error) => this.#become(error.code === "relay-refused" ? "refused" : "connecting", error.message),
      ...{ clock, random, log, signal: this.#stopping.signal },
    });
  }

  /** Begins to dial at once, and goes on until it is disposed of. */
  static open(options: TunnelOptions): Tunnel {
    return new Tunnel(options);
  }

  get state(): TunnelState {
    return this.#state;
  }

  get figures(): TunnelFigures {
    const { refused, admitted, reconnects } = this.#counts;
    return {
      channels: this.#live.size,
      admittedChannels: admitted,
      refusedChannels: Object.values(refused).reduce((sum, count) => sum + count, 0),
      refusedBy: refused,
      receivedBytes: this.#live.receivedBytes,
      reconnects,
    };
  }

  /** Told of each change of `state`. */
  onChanged(listener: (state: TunnelState) => void): Disposable {
    return this.#changes.on(listener);
  }

  /**
   * Resolves once no device comes by a roll older than this epoch: the relay said so, or no relay is connected. What came by it has ended
   * here before the relay was even told.
   */
  enforced(epoch: number, cancel: Cancellable): Promise<void> {
    return this.#enforced.reached(epoch, cancel);
  }

  /** Has the relay know `keys.next()` and resolves once that is the current one; at once where there is none. */
  async rotate({ signal }: Cancellable): Promise<void> {
    this.#session?.offerKey();
    while (this.#options.keys.next() !== undefined) await untilAborted(signal, this.#promoted.promise);
  }

  async #run({ signal, healthy }: Cancellable & { readonly healthy: () => void }): Promise<never> {
    for (;;) {
      const why = await this.#stand({ signal, healthy });
      if (!isRekeyed(why)) throw why;
    }
  }

  /** @returns why the tunnel fell */
  async #stand({ signal, healthy }: Cancellable & { readonly healthy: () => void }): Promise<unknown> {
    await using session = await this.#dial({ signal });
    this.#session = session;
    if (this.#stood) this.#counts.reconnects += 1;
    this.#stood = true;
    using _health = this.#options.clock.schedule(healthyAfterMs, healthy);
    this.#become("connected", null);
    const over = AbortSignal.any([signal, session.over]);
    const fell = Promise.withResolvers<undefined>();
    using _end = onAbort(over, () => fell.resolve(undefined));
    await fell.promise;
    this.#session = undefined;
    return over.reason;
  }

  async #dial(cancel: Cancellable): Promise<TunnelSession> {
    const { keys } = this.#options;
    // A relay that was told of the next key may have forgotten the current one while its answer was lost.
    const key = (this.#refusals % 2 === 1 ? keys.next()?.key : undefined) ?? keys.current();
    try {
      const [enforced, live, counts] = [this.#enforced, this.#live, this.#counts];
      const options = { dial: dialRelay, ...this.#options, key, keys: this.#watch(keys), enforced, live, counts };
      const session = await TunnelSession.open(options, cancel);
      this.#refusals = 0;
      return session;
    } catch (error) {
      throw this.#judge(error);
    }
  }

  #watch(keys: TunnelKeys): TunnelKeys {
    const promote = (): void => {
      keys.promote();
      this.#promoted.resolve(undefined);
      this.#promoted = Promise.withResolvers();
    };
    return { current: () => keys.current(), next: () => keys.next(), promote };
  }

  /** A relay that dies in that very moment looks as one that refuses: only the second time in a row it is believed. */
  #judge(error: unknown): unknown {
    const refused = isGatehouseError(error) && error.code === "relay-refused";
    this.#refusals = refused ? this.#refusals + 1 : 0;
    return this.#refusals === 1
      ? new GatehouseError("relay-unreachable", "the relay closed without a word", { cause: error })
      : error;
  }

  #become(connection: TunnelState["connection"], trouble: string | null): void {
    const since = this.#state.connection === connection ? this.#state.since : this.#options.clock.now();
    this.#state = { connection, since, trouble };
    this.#changes.emit(this.#state);
  }

  /** Ends every channel. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(stopped("closed"));
    await this.#running;
  }
}
