import type { PrincipalKind } from "@gatehouse/shared";

export const offerLifetimeMs: number = 5 * 60_000;
export const maxOpenOffers = 20;
/** How long a refused caller waits for its answer. */
export const refusalDelayMs = 1_000;
/** How many may wait at once; further ones are answered at once, so that waiting costs the gateway little. */
export const maxWaiting = 64;

export interface OfferState {
  readonly kind: PrincipalKind;
  /** Milliseconds since the epoch. */
  readonly made: number;
  readonly used: boolean;
}

/** Why not, for the audit log. A caller is only told that it was refused. */
export type OfferVerdict = "accepted" | "unknown" | "used" | "expired" | "other-kind";

/** What becomes of an attempt to use the offer that its secret names, if it names one. */
export const judgeOffer = (offer: OfferState | undefined, kind: PrincipalKind, now: number): OfferVerdict => {
  if (offer === undefined) return "unknown";
  if (offer.used) return "used";
  if (!isWithinLifetime(offer.made, now)) return "expired";
  return offer.kind === kind ? "accepted" : "other-kind";
};

/** An offer from the future is none: the clock was set back, which must not make it live longer. */
export const isWithinLifetime = (made: number, now: number): boolean => made <= now && now < made + offerLifetimeMs;
