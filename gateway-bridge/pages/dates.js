// @ts-check

const units = /** @type {const} */ ([
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
]);

/**
 * How long ago something was, or in how long it will be, in the reader's own words; from a week on its date.
 *
 * @param {number} time ms since the epoch, as is `now`
 * @param {number} now
 * @param {string} [locale] the reader's own unless told
 */
export const relativeTime = (time, now, locale) => {
  const away = time - now;
  if (Math.abs(away) >= 7 * 86_400_000) return fullTime(time, locale);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const [unit, length] = units.find(([, ms]) => Math.abs(away) >= ms) ?? units[3];
  return words.format(Math.trunc(away / length), unit);
};

/**
 * A day and a time of that day.
 *
 * @param {number} time ms since the epoch
 * @param {string} [locale]
 * @param {string} [timeZone]
 */
export const fullTime = (time, locale, timeZone) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone }).format(time);

/**
 * What a `datetime-local` control is to hold: that moment on the clock on the wall.
 *
 * @param {number} time ms since the epoch
 */
export const toLocalInput = (time) => {
  const date = new Date(time);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
};

/**
 * How long to wait, in the largest unit that says enough: `2 minutes`.
 *
 * @param {number} ms
 * @param {string} [locale]
 */
export const span = (ms, locale) => {
  const [unit, length] = units.find(([, each]) => ms >= 2 * each) ?? units[3];
  const whole = Math.max(1, Math.ceil(ms / length));
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(whole);
};
