import { describe, expect, it } from "@jest/globals";
import type { Day, Schedule } from "@gatehouse/shared";

import { isWithin, isZone } from "./schedule-policy.ts";

const on = (zone: string, days: Day[], from: string, to: string): Schedule => ({ zone, windows: [{ days, from, to }] });
const at = (text: string): number => Date.parse(text);

// In 2024, Berlin's clocks went from 01:59 to 03:00 on 31 March and from 02:59 back to 02:00 on 27 October, both Sundays; New York's on
// 10 March and 3 November; Lord Howe's went half an hour forward on 6 October.
describe("isWithin", () => {
  it.each<[string, Schedule, string, boolean]>([
    ["as a window begins", on("UTC", ["wed"], "08:00", "18:00"), "2024-01-03T08:00:00Z", true],
    ["a moment before", on("UTC", ["wed"], "08:00", "18:00"), "2024-01-03T07:59:59.999Z", false],
    ["a moment before it ends", on("UTC", ["wed"], "08:00", "18:00"), "2024-01-03T17:59:59.999Z", true],
    ["as it ends", on("UTC", ["wed"], "08:00", "18:00"), "2024-01-03T18:00:00Z", false],
    ["on another day", on("UTC", ["wed"], "08:00", "18:00"), "2024-01-04T12:00:00Z", false],
    ["on the second of its days", on("UTC", ["wed", "thu"], "08:00", "18:00"), "2024-01-04T12:00:00Z", true],
    ["in the evening of a night", on("UTC", ["wed"], "22:00", "06:00"), "2024-01-03T23:00:00Z", true],
    ["in the morning after, which is its own too", on("UTC", ["wed"], "22:00", "06:00"), "2024-01-04T05:59:00Z", true],
    ["as the night ends", on("UTC", ["wed"], "22:00", "06:00"), "2024-01-04T06:00:00Z", false],
    [
      "in the morning before, which is another night's",
      on("UTC", ["wed"], "22:00", "06:00"),
      "2024-01-03T05:00:00Z",
      false,
    ],
    ["in the night from Saturday to Sunday", on("UTC", ["sat"], "22:00", "06:00"), "2024-01-07T01:00:00Z", true],
    ["at midnight of a whole day", on("UTC", ["wed"], "00:00", "00:00"), "2024-01-03T00:00:00Z", true],
    ["at the end of a whole day", on("UTC", ["wed"], "00:00", "00:00"), "2024-01-03T23:59:59Z", true],
    ["on the day after a whole day", on("UTC", ["wed"], "00:00", "00:00"), "2024-01-04T00:00:00Z", false],
    ["a day from noon to noon", on("UTC", ["wed"], "12:00", "12:00"), "2024-01-04T11:59:00Z", true],
    [
      "in Berlin, where it is Thursday already",
      on("Europe/Berlin", ["thu"], "00:00", "01:00"),
      "2024-01-03T23:30:00Z",
      true,
    ],
    [
      "in New York, where it is Tuesday still",
      on("America/New_York", ["tue"], "22:00", "23:00"),
      "2024-01-03T03:30:00Z",
      true,
    ],
    ["in Kathmandu, at a quarter to", on("Asia/Kathmandu", ["wed"], "17:45", "17:46"), "2024-01-03T12:00:00Z", true],
    ["before the gap in spring", on("Europe/Berlin", ["sun"], "01:30", "03:30"), "2024-03-31T00:59:00Z", true],
    ["behind the gap", on("Europe/Berlin", ["sun"], "01:30", "03:30"), "2024-03-31T01:00:00Z", true],
    [
      "as it ends half an hour after the gap",
      on("Europe/Berlin", ["sun"], "01:30", "03:30"),
      "2024-03-31T01:30:00Z",
      false,
    ],
    [
      "in a window that the gap swallowed, before it",
      on("Europe/Berlin", ["sun"], "02:15", "02:45"),
      "2024-03-31T00:59:59Z",
      false,
    ],
    [
      "in a window that the gap swallowed, behind it",
      on("Europe/Berlin", ["sun"], "02:15", "02:45"),
      "2024-03-31T01:00:00Z",
      false,
    ],
    [
      "in the hour that autumn shows twice, the first time",
      on("Europe/Berlin", ["sun"], "02:15", "02:45"),
      "2024-10-27T00:30:00Z",
      true,
    ],
    ["and the second time", on("Europe/Berlin", ["sun"], "02:15", "02:45"), "2024-10-27T01:30:00Z", true],
    ["and not between", on("Europe/Berlin", ["sun"], "02:15", "02:45"), "2024-10-27T01:00:00Z", false],
    ["in New York behind the gap", on("America/New_York", ["sun"], "03:00", "04:00"), "2024-03-10T07:00:00Z", true],
    [
      "on Lord Howe, whose summer is half an hour",
      on("Australia/Lord_Howe", ["sun"], "02:30", "03:00"),
      "2024-10-05T15:30:00Z",
      true,
    ],
    ["in a leap day", on("UTC", ["thu"], "12:00", "13:00"), "2024-02-29T12:30:00Z", true],
    // POSIX time has no leap seconds: the moment after 23:59:59 is midnight.
    ["as a leap second passed", on("UTC", ["sun"], "00:00", "00:01"), "2017-01-01T00:00:00Z", true],
    ["before the epoch", on("UTC", ["wed"], "23:00", "00:00"), "1969-12-31T23:59:00Z", true],
    ["in a zone that there is not", on("Europe/Atlantis", ["wed"], "00:00", "00:00"), "2024-01-03T12:00:00Z", false],
  ])("%s", (_case, schedule, now, expected) => {
    expect(isWithin(schedule, at(now))).toBe(expected);
    // The second answer comes from memory.
    expect(isWithin(schedule, at(now))).toBe(expected);
  });

  it("is never within any by a clock that shows no time", () => {
    expect(isWithin(on("UTC", ["wed"], "00:00", "00:00"), Number.NaN)).toBe(false);
    expect(isWithin(on("UTC", ["wed"], "00:00", "00:00"), Infinity)).toBe(false);
  });

  it("is within any of several windows", () => {
    const schedule: Schedule = {
      zone: "UTC",
      windows: [
        { days: ["wed"], from: "08:00", to: "09:00" },
        { days: ["wed"], from: "11:30", to: "12:30" },
      ],
    };
    expect([8, 10, 12].map((hour) => isWithin(schedule, Date.UTC(2024, 0, 3, hour)))).toEqual([true, false, true]);
  });

  it("keeps apart more zones than it remembers", () => {
    const zones = Intl.supportedValuesOf("timeZone").slice(0, 200);
    expect(zones.length).toBe(200);
    const noon = at("2024-01-03T12:00:00Z");
    for (const zone of [...zones, ...zones]) {
      const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(
        noon,
      );
      const [hours = "", minutes = ""] = hour.split(":");
      const next = `${hours}:${String((Number(minutes) + 1) % 60).padStart(2, "0")}`;
      const days: Day[] = ["tue", "wed", "thu"];
      expect([zone, isWithin(on(zone, days, hour, next), noon)]).toEqual([zone, true]);
      expect([zone, isWithin(on(zone, days, next, hour), noon)]).toEqual([zone, false]);
    }
  });
});

describe("isZone", () => {
  it.each([
    ["Europe/Berlin", true],
    ["europe/berlin", true],
    ["UTC", true],
    ["Europe/Atlantis", false],
    ["", false],
    ["../etc/passwd", false],
  ])("%s: %s", (zone, expected) => expect(isZone(zone)).toBe(expected));
});
