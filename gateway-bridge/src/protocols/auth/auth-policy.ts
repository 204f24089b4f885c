import type { DigestChallenge } from "./digest.ts";

/** How strongly a password is proved, weakest first. */
export const authSchemes = ["none", "basic", "digest-md5", "digest-sha-256"] as const;
export type AuthScheme = (typeof authSchemes)[number];

export const isWeaker = (scheme: AuthScheme, than: AuthScheme): boolean =>
  authSchemes.indexOf(scheme) < authSchemes.indexOf(than);

/** What a server offers, as far as it is spoken here. */
export type Offer =
  { readonly scheme: "basic" } | { readonly scheme: "digest-md5" | "digest-sha-256"; readonly digest: DigestChallenge };

export interface LoginSituation {
  readonly offers: readonly Offer[];
  /** The strongest login seen of this camera so far. */
  readonly floor: AuthScheme;
  /** Whether the connection is encrypted to a key that is known. */
  readonly secure: boolean;
}

export type LoginDecision =
  | { readonly kind: "answer"; readonly offer: Offer }
  /** Nothing that is spoken here. */
  | { readonly kind: "unknown" }
  /** An impostor would ask for less than the camera did before. */
  | { readonly kind: "weaker"; readonly offered: AuthScheme }
  /** The password would be readable on the way. */
  | { readonly kind: "readable" };

/** The strongest login on offer, never one below the floor, and Basic only where nobody can listen. */
export const decideLogin = ({ offers, floor, secure }: LoginSituation): LoginDecision => {
  const [first, ...others] = offers;
  if (first === undefined) return { kind: "unknown" };
  const offer = others.reduce((best, next) => (isBetter(next, best) ? next : best), first);
  if (isWeaker(offer.scheme, floor)) return { kind: "weaker", offered: offer.scheme };
  if (offer.scheme === "basic" && !secure) return { kind: "readable" };
  return { kind: "answer", offer };
};

/** Of equal strength, the one with `qop` counts its requests and so withstands replay. */
const isBetter = (next: Offer, best: Offer): boolean => {
  if (next.scheme !== best.scheme) return isWeaker(best.scheme, next.scheme);
  return next.scheme !== "basic" && best.scheme !== "basic" && !best.digest.qop && next.digest.qop !== undefined;
};
