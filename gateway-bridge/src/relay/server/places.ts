import type { Thumbprint, TunnelId } from "@gatehouse/shared";

import type { GatewayLimits, RelayLimits } from "./limits.ts";

/** Who wants one more channel. */
export interface Place {
  readonly gateway: TunnelId;
  readonly device: Thumbprint;
  /** Of the device. */
  readonly block: string;
}

export type PlaceLimits = Pick<
  RelayLimits,
  "channels" | "channelsPerGateway" | "channelsPerDevice" | "channelsPerBlock"
>;

/** The channels that stand or are being opened, by whose they are. In memory, and for as long as they stand. */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #counts = new Map<string, number>();
  #all = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#all;
  }

  /** Undefined where there is no room; otherwise the place, until it is disposed. */
  take(place: Place, own: GatewayLimits): Disposable | undefined {
    const bounds = this.#boundsOf(place, { ...this.#limits, ...own });
    const isFull = this.#all >= this.#limits.channels || bounds.some(([key, most]) => this.#of(key) >= most);
    if (isFull) return undefined;
    this.#add(bounds, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#add(bounds, -1);
        held = false;
      },
    };
  }

  #boundsOf({ gateway, device, block }: Place, limits: PlaceLimits): readonly (readonly [string, number])[] {
    return [
      [gateway, limits.channelsPerGateway],
      [`${gateway} ${device}`, limits.channelsPerDevice],
      [`at ${block}`, limits.channelsPerBlock],
    ];
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #add(bounds: readonly (readonly [string, number])[], by: 1 | -1): void {
    this.#all += by;
    for (const [key] of bounds) {
      const count = this.#of(key) + by;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }
}
