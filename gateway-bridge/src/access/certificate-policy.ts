const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;

/** How long a server certificate is good for. Clients pin its key, so this only has to outlast those that look at dates. */
export const serverValidityMs: number = 10 * yearMs;
/** How long before its end it is renewed. */
export const renewalMarginMs: number = yearMs;
/** How far before now a new certificate begins, for clients whose clock is behind. */
export const headStartMs: number = dayMs;

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whether to make a new certificate: near its end, past it, or not begun because the clock was wrong when it was made. */
export const isRenewalDue = ({ notBefore, notAfter }: Validity, now: number): boolean =>
  now < notBefore || now >= notAfter - renewalMarginMs;

export const validityFrom = (now: number): Validity => ({
  notBefore: Math.max(0, now - headStartMs),
  notAfter: now + serverValidityMs,
});
