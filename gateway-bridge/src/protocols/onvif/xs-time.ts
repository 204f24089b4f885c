/** An XML Schema duration of whole seconds. */
export const formatDuration = (ms: number): string => `PT${Math.max(1, Math.round(ms / 1_000))}S`;

/** Milliseconds of an XML Schema duration of days or less; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  const [whole, ...parts] =
    /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8}(?:\.\d{1,9})?)S)?)?$/.exec(text) ?? [];
  if (whole === undefined || /[PT]$/.test(whole)) return undefined;
  const units = [86_400_000, 3_600_000, 60_000, 1_000];
  return Math.round(units.reduce((sum, ms, index) => sum + ms * Number(parts[index] ?? 0), 0));
};

/** An XML Schema dateTime in UTC without fractions, the form that every camera reads. */
export const formatDateTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** Milliseconds since the epoch; undefined for what is no moment, such as 0000-00-00T00:00:00Z. A missing zone means UTC. */
export const parseDateTime = (text: string): number | undefined => {
  const [, date, time, zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const at = Date.parse(`${date}T${time.slice(0, 12)}${zone}`);
  return Number.isNaN(at) ? undefined : at;
};
