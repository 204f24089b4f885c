/** Deeds at once that nobody wonders at: a wall of cameras that is built up anew, several times over. */
export const deedBurst = 240;
/** How often one more is allowed. For good: some 15 MB of audit rows a day at the very most. */
export const deedRefillMs = 2_000;

/** What a principal may still do. `at` is when it last gained, by Clock.monotonic(). */
export interface DeedAllowance {
  readonly left: number;
  readonly at: number;
}

export type DeedVerdict = { readonly kind: "allowed" | "refused"; readonly allowance: DeedAllowance };

/**
 * Whether a principal may do one more thing that is written down. Rows of the audit log never go, so a stolen key that does and undoes
 * without end would fill the disk, and the log with noise.
 */
export const spendDeed = (before: DeedAllowance | undefined, now: number): DeedVerdict => {
  const { left, at } = before ?? { left: deedBurst, at: now };
  const gained = Math.max(0, Math.floor((now - at) / deedRefillMs));
  const filled = Math.min(deedBurst, left + gained);
  const gainedAt = at + gained * deedRefillMs;
  if (filled === 0) return { kind: "refused", allowance: { left: 0, at: gainedAt } };
  return { kind: "allowed", allowance: { left: filled - 1, at: gainedAt } };
};
