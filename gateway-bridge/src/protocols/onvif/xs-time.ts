/** An XML Schema duration of whole seconds. */
export const formatDuration = (ms: number): string => `PT${Math.max(1, Math.round(ms / 1_000))}S`;

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
