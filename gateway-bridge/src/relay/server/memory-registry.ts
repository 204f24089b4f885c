import type { TunnelId } from "@gatehouse/shared";

import type { TunnelClaim, TunnelRegistry } from "./tunnel-registry.ts";

/** For one relay process. As large as the list of enrolled gateways. */
export class MemoryRegistry implements TunnelRegistry {
  readonly #held = new Map<TunnelId, TunnelClaim>();
  /** The highest of each gateway, also of those that are gone. */
  readonly #epochs = new Map<TunnelId, number>();
  readonly #listeners = new Set<(claim: TunnelClaim) => void>();

  async claim(claim: TunnelClaim): Promise<"holds" | "stale"> {
    const { gateway, epoch } = claim;
    if (epoch < (this.#epochs.get(gateway) ?? 0)) return "stale";
    this.#epochs.set(gateway, epoch);
    this.#held.set(gateway, claim);
    for (const listener of this.#listeners) listener(claim);
    return "holds";
  }

  async release({ gateway, tunnel }: Pick<TunnelClaim, "gateway" | "tunnel">): Promise<void> {
    if (this.#held.get(gateway)?.tunnel === tunnel) this.#held.delete(gateway);
  }

  async lookup(gateway: TunnelId): Promise<TunnelClaim | undefined> {
    return this.#held.get(gateway);
  }

  watch(listener: (claim: TunnelClaim) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}
