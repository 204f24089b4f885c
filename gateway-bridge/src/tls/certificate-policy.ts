import type { X509Certificate } from "node:crypto";

const dayMs = 24 * 3_600_000;

/** How far before now a new certificate begins, for clients whose clock is behind. */
export const headStartMs: number = dayMs;
/** From a certificate's begin to its end. CA/Browser Forum Baseline Requirements 6.3.2: 398 days is what browsers take. */
export const serverValidityMs: number = 397 * dayMs;
/** It is renewed when a third of it is left. */
export const renewalMarginMs: number = serverValidityMs / 3;
/** Of the authority that people install once. */
export const authorityValidityMs: number = 3_650 * dayMs;
/** An authority outlives whatever it signs. */
export const authorityMarginMs: number = serverValidityMs;

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export const validityOf = ({ validFromDate, validToDate }: X509Certificate): Validity => ({
  notBefore: validFromDate.getTime(),
  notAfter: validToDate.getTime(),
});

/** Whether to make a new certificate: near its end, past it, or not begun because the clock was wrong when it was made. */
export const isRenewalDue = ({ notBefore, notAfter }: Validity, now: number, marginMs: number): boolean =>
  now < notBefore || now >= notAfter - marginMs;

export const validityFrom = (now: number, lengthMs: number): Validity => {
  const notBefore = Math.max(0, now - headStartMs);
  return { notBefore, notAfter: notBefore + lengthMs };
};

/** Whether people should know that a certificate ends, because it should have been renewed long ago: a sixth of its life is left. */
export const isEnding = ({ notBefore, notAfter }: Validity, now: number): boolean =>
  now >= notAfter - (notAfter - notBefore) / 6;
