import type { Validity } from "./certificate-policy.ts";

/** The first pause after a failure, and the longest. Authorities allow few failures an hour for a name. */
export const firstPauseMs: number = 10 * 60_000;
export const longestPauseMs: number = 12 * 3_600_000;

/** What is known of getting a certificate. */
export interface AcmeProgress {
  /** Of the certificate that is there; undefined where there is none. */
  readonly validity: Validity | undefined;
  /** Tries in a row that failed. */
  readonly failures: number;
  /** When the next one may be, by Clock.now(); of no meaning without failures. */
  readonly nextTry: number;
}

/**
 * When to renew: with a third of its life left, a little earlier or later so that not all gateways of the world come at once.
 * @param spread in [0, 1), kept for as long as the gateway runs
 */
export const renewalTime = ({ notBefore, notAfter }: Validity, spread: number): number =>
  Math.round(notAfter - ((notAfter - notBefore) / 3) * (0.9 + 0.2 * spread));

/**
 * When a certificate is next asked for. A pause is only as long as pauses are: one that reaches further was reckoned by a clock that was
 * ahead. A clock that is behind waits: an authority would find such a request stale, and the gateway the authority's certificate not begun.
 */
export const nextTryAt = ({ validity, failures, nextTry }: AcmeProgress, now: number, spread: number): number => {
  const wanted = validity === undefined ? now : renewalTime(validity, spread);
  if (failures === 0 || nextTry - now > longestPauseMs * 1.25) return Math.max(wanted, 0);
  return Math.max(wanted, nextTry);
};

/** How long to wait after so many failures in a row. @param random in [0, 1) */
export const pauseAfter = (failures: number, random: number): number =>
  Math.round(Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)) * (0.75 + 0.5 * random));
