/** No clock that is right shows an earlier time: Gatehouse was not written then. Milliseconds since the epoch. */
export const earliestTime: number = Date.UTC(2026, 9, 1);
/** A clock that is kept right by the network is set back a little now and then. */
export const clockSlackMs: number = 60_000;

/**
 * Until when a clock is not to be believed, because it shows less than it showed before: a board without a battery that has not reached
 * its time server yet, or one whose clock was ahead. Undefined while there is nothing against it.
 * @param newest the latest time that was ever seen, by Clock.now()
 */
export const behindUntil = (now: number, newest: number): number | undefined => {
  const until = Math.max(newest, earliestTime);
  return now < until - clockSlackMs ? until : undefined;
};
