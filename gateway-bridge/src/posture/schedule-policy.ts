export interface LookTimes {
  readonly now: number;
  /** When all was last looked at; null if never. */
  readonly last: number | null;
  readonly everyMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/** After a start: the house has other things to do first, and a gateway that restarts again and again does not look each time. */
const earliestMs = 10 * 60_000;

/** How long until all is looked at again by itself: the period, give or take a twentieth, so that not all homes look at the same minute. */
export const pauseUntilNextLook = ({ now, last, everyMs, random }: LookTimes): number => {
  const jitter = everyMs * 0.1 * (random - 0.5);
  // A clock that was ahead when it was last looked at does not put the next look off.
  const since = last === null ? everyMs : Math.max(0, now - last);
  return Math.max(Math.min(earliestMs, everyMs), everyMs - since + jitter);
};
