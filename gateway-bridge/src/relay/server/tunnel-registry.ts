import type { TunnelId } from "@gatehouse/shared";

/** Where a gateway is connected, and since which admission. */
export interface TunnelClaim {
  readonly gateway: TunnelId;
  /** The tunnel's own name, which no two ever share. */
  readonly tunnel: string;
  /** The relay process at which it ends. */
  readonly node: string;
  readonly epoch: number;
}

/**
 * Which relay process holds a gateway's tunnel. The newest claim holds; one whose epoch is lower than any that this gateway ever claimed
 * here never does, so that a late connection brings no device back that was revoked meanwhile.
 * Whoever cannot ask it knows of no tunnel: every method may reject, and then nobody is admitted.
 */
export interface TunnelRegistry {
  /** The same tunnel claims again when its epoch grows. */
  claim(claim: TunnelClaim): Promise<"holds" | "stale">;
  /** Only what this very tunnel holds is given up. Epochs stay known. */
  release(claim: Pick<TunnelClaim, "gateway" | "tunnel">): Promise<void>;
  lookup(gateway: TunnelId): Promise<TunnelClaim | undefined>;
  /** Tells of each claim that holds, so that whoever has an older tunnel of this gateway ends it. */
  watch(listener: (claim: TunnelClaim) => void): Disposable;
}
