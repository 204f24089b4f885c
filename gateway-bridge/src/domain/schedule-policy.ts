import type { Day, Schedule } from "@gatehouse/shared";

/** What a clock on the wall shows. */
interface WallTime {
  readonly day: Day;
  /** Since midnight. */
  readonly minute: number;
}

interface ZoneClock {
  readonly format: Intl.DateTimeFormat;
  /** Of this minute since the epoch: everybody in the zone has the same, and it is asked for often. */
  minute: number;
  wall: WallTime;
}

const days: readonly Day[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const minuteMs = 60_000;
/** No home has more zones. */
const mostZones = 64;
const zones = new Map<string, ZoneClock>();

/** Whether this names a time zone that the box knows. */
export const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
};

/**
 * Whether a moment is within the schedule, by the clock on the wall: an hour that the clock skips in spring does not happen, and
 * one that it shows twice in autumn counts both times. In a zone that this box does not know, it is never time.
 */
export const isWithin = ({ zone, windows }: Schedule, now: number): boolean => {
  const wall = wallTime(zone, now);
  if (wall === undefined) return false;
  const { day, minute } = wall;
  const before = days[(days.indexOf(day) + 6) % 7];
  return windows.some((window) => {
    const [from, to] = [minuteOf(window.from), minuteOf(window.to)];
    const today = window.days.includes(day);
    if (to > from) return today && minute >= from && minute < to;
    return (today && minute >= from) || (before !== undefined && window.days.includes(before) && minute < to);
  });
};

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

const wallTime = (zone: string, now: number): WallTime | undefined => {
  try {
    const minute = Math.floor(now / minuteMs);
    const clock = zones.get(zone);
    if (clock?.minute === minute) return clock.wall;
    const format = clock?.format ?? formatOf(zone);
    const wall = readWall(format, now);
    if (clock === undefined && zones.size >= mostZones) zones.clear();
    zones.set(zone, { format, minute, wall });
    return wall;
  } catch {
    return undefined;
  }
};

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    // Whatever the zone's own calendar is.
    calendar: "gregory",
    numberingSystem: "latn",
  });

/** @throws RangeError for what is no time */
const readWall = (format: Intl.DateTimeFormat, now: number): WallTime => {
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: String(parts.get("weekday")).toLowerCase() as Day,
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
};
