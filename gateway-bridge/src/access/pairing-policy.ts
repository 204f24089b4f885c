export const offerLifetimeMs: number = 5 * 60_000;
export const maxOpenOffers = 20;
/** How often one offer may be compared with a secret, right or wrong. */
export const mostEvaluated = 20;
/** How long a refused caller waits for its answer. */
export const refusalDelayMs = 1_000;
/** How many may wait at once; further ones are answered at once, so that waiting costs the gateway little. */
export const maxWaiting = 64;

export interface OfferState {
  /** Of whom: a principal's, or `device`. */
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly made: number;
  readonly used: boolean;
  /** The id of whom it let in, once used. */
  readonly letIn: string | null;
}

export interface OfferAttempt {
  readonly kind: string;
  /** Who holds the attempt's key already. */
  readonly holder: { readonly id: string; readonly revoked: number | null } | undefined;
}

/** Why not, for the audit log. A caller is only told that it was refused. `repeated`: the key that used it, asking again. */
export type OfferVerdict = "accepted" | "repeated" | "unknown" | "used" | "expired" | "other-kind";

/** What becomes of an attempt to use the offer that its secret names, if it names one. */
export const judgeOffer = (
  offer: OfferState | undefined,
  { kind, holder }: OfferAttempt,
  now: number,
): OfferVerdict => {
  if (offer === undefined) return "unknown";
  if (offer.used) return isRepeated(offer, holder) && isWithinLifetime(offer.made, now) ? "repeated" : "used";
  if (!isWithinLifetime(offer.made, now)) return "expired";
  return offer.kind === kind ? "accepted" : "other-kind";
};

/** A certificate is of no use without the key, so nobody gains by asking again but the one that was let in. */
const isRepeated = ({ letIn }: OfferState, holder: OfferAttempt["holder"]): boolean =>
  holder !== undefined && letIn === holder.id && holder.revoked === null;

/** So many bits of a secret's hash say which offer is meant; the others, that it is known. */
const locatorBytes = 3;

/**
 * Whether a secret, of which this is the hash, names the offer, so that it is to be compared with it: few are, of a flood of guesses none. So
 * the flood uses nobody's comparisons up.
 */
export const isNamed = (offered: Buffer, secretHash: Buffer): boolean =>
  offered.subarray(0, locatorBytes).equals(secretHash.subarray(0, locatorBytes));

/** An offer from the future is none: the clock was set back, which must not make it live longer. */
export const isWithinLifetime = (made: number, now: number): boolean => made <= now && now < made + offerLifetimeMs;
