/** The longest that a guest link can last, in ms. */
export const longestGuestMs: number = 30 * 24 * 3_600_000;

/** Whether a guest's time may end then, by Clock.now(); else why not. */
export const judgeEnd = (until: number, now: number): string => {
  if (!(until > now)) return "until: this moment has passed";
  return until <= now + longestGuestMs ? "fine" : "until: a guest link lasts 30 days at most";
};
