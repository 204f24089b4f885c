import type { Clock, FromRelay, Logger, RelayName, TunnelId } from "@gatehouse/shared";

import { pingEveryMs } from "../protocol/reverse-http2.ts";
import type { EnrolledGateway, GatewayBook } from "./gateway-book.ts";
import { fixedLimits, type RelayLimits } from "./limits.ts";
import type { Arrival } from "./listener.ts";
import type { RelayKeys } from "./relay-keys.ts";
import type { TunnelRegistry } from "./tunnel-registry.ts";
import { Ended, Tunnel, type TunnelEnd } from "./tunnel.ts";

export interface TunnelsOptions {
  readonly name: RelayName;
  /** This process, in the registry. */
  readonly node: string;
  readonly keys: RelayKeys;
  readonly gateways: GatewayBook;
  readonly registry: TunnelRegistry;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One timer serves all tunnels: each has its turn once in so many rounds. */
const rounds = 20;
const roundMs = pingEveryMs / rounds;
/** How long a busy tunnel may go on that does not know the relay's keys of now; one without channels comes back at once. */
const rekeyWithinMs = 3_600_000;

/** Every tunnel that ends at this process. Of each gateway one admits: the newest. */
export class Tunnels implements Disposable {
  readonly #options: TunnelsOptions;
  /** That did not say yet whom they admit; of each gateway one. */
  readonly #coming = new Map<TunnelId, Tunnel>();
  readonly #live = new Map<TunnelId, Tunnel>();
  readonly #named = new Map<string, Tunnel>();
  readonly #rounds: readonly Set<Tunnel>[] = Array.from({ length: rounds }, () => new Set<Tunnel>());
  readonly #watches: readonly Disposable[];
  readonly #ends: Partial<Record<TunnelEnd, number>> = {};
  #round = 0;
  #accepted = 0;
  #timer: Disposable | undefined;
  /** Tunnels from before were told of other keys. */
  #rekeyed: number | undefined;

  constructor(options: TunnelsOptions) {
    const { registry, keys, clock } = options;
    this.#options = options;
    this.#watches = [
      registry.watch(({ gateway, tunnel }) => {
        const live = this.#live.get(gateway);
        if (live !== undefined && live.name !== tunnel) live.end("replaced");
      }),
      keys.onChanged(() => (this.#rekeyed = clock.monotonic())),
    ];
  }

  get count(): { readonly live: number; readonly coming: number; readonly ended: Readonly<Record<string, number>> } {
    return { live: this.#live.size, coming: this.#coming.size, ended: { ...this.#ends } };
  }

  get all(): Iterable<Tunnel> {
    return this.#named.values();
  }

  /** Takes over a connection with an enrolled gateway's key. @throws GatehouseError where its key cannot be noted as used */
  accept({ socket }: Arrival, { id: gateway, limits }: EnrolledGateway, pin: string): void {
    const { gateways, keys, clock } = this.#options;
    gateways.useKey(gateway, pin);
    const tunnel = new Tunnel({
      gateway,
      pin,
      relayKey: keys.shown.pin,
      socket,
      clock,
      bytesPerSecond: limits.bytesPerSecond ?? this.#options.limits.bytesPerSecond,
      onAdmit: (admitting, epoch) => this.#claim(admitting, epoch),
      onKey: ({ gateway: id, pin: now }, { pin: next, only }) => gateways.noteKey(id, next, { only, now }),
      onEnded: (ended, why) => this.#forget(ended, why),
    });
    this.#coming.get(gateway)?.end("replaced");
    this.#coming.set(gateway, tunnel);
    this.#named.set(tunnel.name, tunnel);
    this.#nextRound().add(tunnel);
    this.#timer ??= this.#schedule();
    void tunnel.run(this.#welcome(tunnel));
  }

  /** The tunnel that admits a gateway's devices; undefined also where the registry does not say so. */
  async find(gateway: TunnelId): Promise<Tunnel | undefined> {
    const { registry, node, log } = this.#options;
    try {
      const claim = await registry.lookup(gateway);
      const tunnel = this.#live.get(gateway);
      return claim?.node === node && claim.tunnel === tunnel?.name ? tunnel : undefined;
    } catch (error) {
      log.warn("the registry of tunnels cannot be read", { error: String(error) });
      return undefined;
    }
  }

  /** By the name that data connections give. */
  named(name: string): Tunnel | undefined {
    return this.#named.get(name);
  }

  has(gateway: TunnelId): boolean {
    return this.#live.has(gateway);
  }

  tellAll(message: FromRelay): void {
    for (const tunnel of [...this.#named.values()]) tunnel.send(message);
  }

  endGateway(gateway: TunnelId, why: TunnelEnd): void {
    this.#coming.get(gateway)?.end(why);
    this.#live.get(gateway)?.end(why);
  }

  limit({ id, limits }: EnrolledGateway): void {
    const tunnel = this.#live.get(id) ?? this.#coming.get(id);
    if (tunnel !== undefined)
      tunnel.budget.bytesPerSecond = limits.bytesPerSecond ?? this.#options.limits.bytesPerSecond;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    for (const watch of this.#watches) watch[Symbol.dispose]();
    for (const tunnel of [...this.#named.values()]) tunnel.end("shutdown");
  }

  async #claim(tunnel: Tunnel, epoch: number): Promise<void> {
    const { registry, node } = this.#options;
    const { gateway, name } = tunnel;
    if ((await registry.claim({ gateway, tunnel: name, node, epoch })) === "stale") throw new Ended("stale");
    if (tunnel.ended) {
      await registry.release({ gateway, tunnel: name });
      return;
    }
    if (this.#coming.get(gateway) === tunnel) this.#coming.delete(gateway);
    this.#live.set(gateway, tunnel);
  }

  #forget(tunnel: Tunnel, why: TunnelEnd): void {
    const { registry, log } = this.#options;
    const { gateway, name } = tunnel;
    this.#ends[why] = (this.#ends[why] ?? 0) + 1;
    if (this.#coming.get(gateway) === tunnel) this.#coming.delete(gateway);
    if (this.#live.get(gateway) === tunnel) this.#live.delete(gateway);
    this.#named.delete(name);
    for (const round of this.#rounds) round.delete(tunnel);
    registry.release({ gateway, tunnel: name }).catch((error: unknown) => {
      log.warn("the registry of tunnels cannot be written", { error: String(error) });
    });
    log.info("tunnel ended", { gateway, why });
  }

  #welcome({ name: tunnel }: Tunnel): FromRelay {
    const { name: relay, keys, clock } = this.#options;
    return { kind: "welcome", v: 1, relay, tunnel, time: clock.now(), keys: [...keys.pins] };
  }

  #nextRound(): Set<Tunnel> {
    this.#accepted += 1;
    return this.#rounds[this.#accepted % rounds] ?? new Set();
  }

  #schedule(): Disposable {
    return this.#options.clock.schedule(roundMs, () => {
      this.#timer = this.#named.size === 0 ? undefined : this.#schedule();
      this.#sweep();
    });
  }

  #sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const tunnel of [...this.#coming.values()])
      if (now - tunnel.since > fixedLimits.firstAdmit) tunnel.end("late");
    this.#round = (this.#round + 1) % rounds;
    for (const tunnel of [...(this.#rounds[this.#round] ?? [])]) this.#lookAfter(tunnel, now);
  }

  /** Whether it has to come back to learn of the relay's keys: at once if the one that it knows is shown no more. */
  #hasOtherKeys({ since, relayKey, channels }: Tunnel, now: number): boolean {
    if (relayKey !== this.#options.keys.shown.pin) return true;
    const rekeyed = this.#rekeyed;
    return rekeyed !== undefined && since <= rekeyed && (channels.size === 0 || now - rekeyed > rekeyWithinMs);
  }

  #lookAfter(tunnel: Tunnel, now: number): void {
    const idle = tunnel.channels.size === 0;
    if (this.#hasOtherKeys(tunnel, now)) {
      tunnel.end("rekeyed");
      return;
    }
    if (idle && now - tunnel.idleSince > fixedLimits.spareFor) tunnel.keepSpare(0);
    tunnel.ping();
  }
}
