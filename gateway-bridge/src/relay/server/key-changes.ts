import { GatehouseError, type Clock, type TunnelId } from "@gatehouse/shared";

/** As many times an hour may a gateway change its key: each is written down for good, and a disk has an end. */
const mostChanges = 16;
const hourMs = 3_600_000;

/** How often gateways changed their keys lately, since this process began. As large as the list of enrolled gateways. */
export class KeyChanges {
  readonly #clock: Clock;
  readonly #counts = new Map<TunnelId, { since: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws GatehouseError `too-many-requests` */
  count(gateway: TunnelId): void {
    const now = this.#clock.monotonic();
    const known = this.#counts.get(gateway);
    const current = known !== undefined && now - known.since < hourMs ? known : { since: now, count: 0 };
    if (current.count >= mostChanges) {
      throw new GatehouseError("too-many-requests", `the gateway changed its key ${mostChanges} times within an hour`);
    }
    current.count += 1;
    this.#counts.set(gateway, current);
  }
}
