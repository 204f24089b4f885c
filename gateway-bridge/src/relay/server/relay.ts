import {
  relayProtocols,
  untilAborted,
  type Cancellable,
  type Clock,
  type Logger,
  type RelayName,
  type TunnelId,
} from "@gatehouse/shared";
import type { TLSSocket } from "node:tls";

import { Crowd } from "../../domain/crowd.ts";
import type { BothWays } from "./channel.ts";
import { Channels } from "./channels.ts";
import { takeDataConnection } from "./data-hellos.ts";
import { Enrolments, type EnrolmentOutcome } from "./enrolments.ts";
import type { EnrolledGateway, GatewayBook } from "./gateway-book.ts";
import { Knocks, type KnockOutcome } from "./knocks.ts";
import { defaultLimits, type RelayLimits } from "./limits.ts";
import { Listener, type Arrival } from "./listener.ts";
import { MemoryRegistry } from "./memory-registry.ts";
import { Places } from "./places.ts";
import type { RelayKeys } from "./relay-keys.ts";
import type { TunnelEnd } from "./tunnel.ts";
import type { TunnelRegistry } from "./tunnel-registry.ts";
import { Tunnels } from "./tunnels.ts";

export interface RelayOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly name: RelayName;
  readonly keys: RelayKeys;
  readonly gateways: GatewayBook;
  readonly limits?: Partial<RelayLimits>;
  /** One of its own unless given, for a relay of one process. */
  readonly registry?: TunnelRegistry;
  /** This process, in the registry. */
  readonly node?: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Counts of now, and since the relay opened. Nothing in them tells one gateway or device from another. */
export interface RelayFigures {
  readonly draining: boolean;
  readonly tunnels: {
    readonly live: number;
    readonly coming: number;
    readonly ended: Readonly<Record<string, number>>;
  };
  readonly channels: number;
  readonly spareConnections: number;
  readonly strangers: number;
  readonly waiting: number;
  readonly handshakes: number;
  readonly turnedAway: { readonly full: number; readonly crowded: number; readonly unknownGateways: number };
  readonly knocks: Readonly<Record<KnockOutcome, number>>;
  readonly enrolments: Readonly<Record<EnrolmentOutcome, number>>;
  readonly bytes: BothWays;
  /** How long channels waited for those who take too little, all together. */
  readonly stalledMs: BothWays;
}

/** How often it is looked whether the last channel has gone, while it drains. */
const drainLookMs = 50;

/** A relay that carries what it cannot read, between gateways that were enrolled and devices that those gateways name. */
export class Relay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #tunnels: Tunnels;
  readonly #channels: Channels;
  readonly #knocks: Knocks;
  readonly #enrolments: Enrolments;
  readonly #strangers: Crowd<TLSSocket>;
  readonly #resources = new AsyncDisposableStack();
  #listener: Listener | undefined;
  #draining = false;
  #crowded = 0;
  #unknownGateways = 0;

  private constructor(options: RelayOptions) {
    const { name, keys, gateways, clock, log } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const draining = (): boolean => this.#draining;
    const registry = options.registry ?? new MemoryRegistry();
    const { node = "only" } = options;
    this.#options = options;
    this.#strangers = new Crowd({ total: limits.strangers, strangersPerBlock: limits.strangersPerBlock });
    this.#tunnels = this.#resources.use(new Tunnels({ name, node, keys, gateways, registry, limits, clock, log }));
    this.#channels = new Channels({ gateways, places: new Places(limits), clock });
    const parts = { name, gateways, clock, log, draining };
    const [tunnels, channels] = [this.#tunnels, this.#channels];
    const onProven = (socket: TLSSocket): void => this.#strangers.leave(socket);
    this.#knocks = new Knocks({ ...parts, keys, tunnels, channels, onProven });
    this.#enrolments = new Enrolments(parts);
    this.#resources.use(gateways.onChanged((gateway) => this.#heed(gateway)));
  }

  /** @throws GatehouseError `address-in-use`, or the signal's reason */
  static async open(options: RelayOptions, cancel: Cancellable): Promise<Relay> {
    const relay = new Relay(options);
    await using opening = new AsyncDisposableStack();
    opening.use(relay);
    const { listen, keys } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const welcome = (arrival: Arrival): void => relay.#welcome(arrival);
    const listener = await Listener.open({ ...listen, key: keys.shown, limits, welcome }, cancel);
    relay.#listener = relay.#resources.use(listener);
    relay.#resources.use(keys.onChanged(() => listener.present(keys.shown)));
    opening.move();
    return relay;
  }

  /** `host:port` that it listens on. */
  get address(): string {
    return this.#listener?.address ?? "";
  }

  figures(): RelayFigures {
    const { waiting = 0, underWay = 0, turnedAway = 0 } = this.#listener?.count ?? {};
    let spareConnections = 0;
    for (const { data } of this.#tunnels.all) spareConnections += data.idle;
    return {
      draining: this.#draining,
      tunnels: this.#tunnels.count,
      channels: this.#channels.count,
      spareConnections,
      strangers: this.#strangers.count.strangers,
      waiting,
      handshakes: underWay,
      turnedAway: { full: turnedAway, crowded: this.#crowded, unknownGateways: this.#unknownGateways },
      knocks: this.#knocks.outcomes,
      enrolments: this.#enrolments.outcomes,
      bytes: this.#channels.carried,
      stalledMs: this.#channels.stalledMs,
    };
  }

  /** Tells of each channel that was opened how many ms that took, from the device's proof to its gateway's answer. */
  onOpened(listener: (tookMs: number) => void): Disposable {
    return this.#channels.onOpened(listener);
  }

  /** Gateways with a tunnel that admits. */
  isConnected(gateway: TunnelId): boolean {
    return this.#tunnels.has(gateway);
  }

  /** Ends its tunnel and all of its channels, at once. */
  endGateway(gateway: TunnelId, why: TunnelEnd): void {
    this.#tunnels.endGateway(gateway, why);
  }

  /** Lets nobody new in, and resolves when the last channel has gone, or the time is over. The relay is to be closed then. */
  async drain(withinMs: number, { signal }: Cancellable): Promise<void> {
    const { clock } = this.#options;
    this.#draining = true;
    this.#tunnels.tellAll({ kind: "drain", withinMs });
    const end = clock.monotonic() + withinMs;
    while (this.#channels.count > 0 && clock.monotonic() < end)
      await untilAborted(signal, clock.delay(drainLookMs, { signal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  #welcome(arrival: Arrival): void {
    const { socket, protocol } = arrival;
    try {
      if (protocol === relayProtocols.tunnel) this.#takeTunnel(arrival);
      else this.#receive(arrival);
    } catch (error) {
      // Where it cannot be told who comes, nobody comes.
      this.#options.log.error("a connection could not be judged", { error: String(error) });
      socket.destroy();
    }
  }

  #takeTunnel(arrival: Arrival): void {
    const gateway = this.#enrolled(arrival);
    if (gateway === undefined || arrival.pin === undefined || this.#draining) arrival.socket.destroy();
    else this.#tunnels.accept(arrival, gateway, arrival.pin);
  }

  #enrolled({ pin }: Arrival): EnrolledGateway | undefined {
    const gateway = pin === undefined ? undefined : this.#options.gateways.byPin(pin);
    if (gateway === undefined) this.#unknownGateways += 1;
    return gateway;
  }

  /** Those who have something to say before they are known; the longest waiting of the largest crowd makes room. */
  #receive(arrival: Arrival): void {
    const { socket, protocol, block } = arrival;
    const gateway = protocol === relayProtocols.data ? this.#enrolled(arrival) : undefined;
    if (protocol === relayProtocols.data && gateway === undefined) {
      socket.destroy();
      return;
    }
    const leaving = this.#strangers.admit(socket, block);
    if (leaving !== undefined) {
      this.#crowded += 1;
      leaving.destroy();
      if (leaving === socket) return;
    }
    socket.once("close", () => this.#strangers.leave(socket));
    void this.#hear(arrival, gateway).finally(() => this.#strangers.leave(socket));
  }

  #hear(arrival: Arrival, gateway: EnrolledGateway | undefined): Promise<void> {
    if (arrival.protocol === relayProtocols.enrol) return this.#enrolments.receive(arrival);
    if (arrival.protocol === relayProtocols.device) return this.#knocks.receive(arrival);
    if (gateway === undefined) throw new TypeError("a data connection of nobody");
    return takeDataConnection(arrival, gateway, { tunnels: this.#tunnels, clock: this.#options.clock });
  }

  #heed(gateway: EnrolledGateway): void {
    if (gateway.revoked === undefined) this.#tunnels.limit(gateway);
    else this.#tunnels.endGateway(gateway.id, "revoked");
  }
}
