const minuteMs = 60_000;

/** The minute by which a time has come, as clocks at home show it: `23:14`. @param at ms since the epoch */
export const clockTime = (at: number): string => {
  const time = new Date(Math.ceil(at / minuteMs) * minuteMs);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
};
