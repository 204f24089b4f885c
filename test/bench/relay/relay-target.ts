import type { RelayPlace, TunnelId, Way } from "@gatehouse/shared";

/** Homes behind a relay, and devices that each of them admits. */
export interface RelayTarget {
  readonly place: RelayPlace;
  readonly homes: readonly TunnelId[];
  /** Their private keys, PEM. */
  readonly devices: readonly string[];
  readonly way: Way;
}
