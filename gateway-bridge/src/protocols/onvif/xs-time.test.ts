import { describe, expect, it } from "@jest/globals";

import { parseXml } from "../xml/parse-xml.ts";
import { readSystemDateAndTime } from "./system-date-and-time.ts";
import { formatDateTime, formatDuration, parseDateTime, parseDuration } from "./xs-time.ts";

describe("parseDateTime", () => {
  it.each([
    ["2026-01-02T03:04:05Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["2026-01-02T03:04:05.678901Z", Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ["2026-01-02T03:04:05+02:00", Date.UTC(2026, 0, 2, 1, 4, 5)],
    ["2026-01-02T03:04:05", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["0000-00-00T00:00:00Z", undefined],
    ["2026-13-02T03:04:05Z", undefined],
    ["tomorrow", undefined],
    ["", undefined],
  ])("%j is %s", (text, at) => expect(parseDateTime(text)).toBe(at));
});

describe("parseDuration", () => {
  it.each([
    ["PT5S", 5_000],
    ["PT0.25S", 250],
    ["P1DT2H3M4S", 93_784_000],
    ["P2D", 172_800_000],
    ["PT", undefined],
    ["P", undefined],
    ["P1DT", undefined],
    ["P1Y", undefined],
    ["-PT5S", undefined],
    ["30", undefined],
    ["", undefined],
  ])("%j is %s", (text, ms) => expect(parseDuration(text)).toBe(ms));
});

it("writes times and durations in the plainest form", () => {
  expect(formatDateTime(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe("2026-01-02T03:04:05Z");
  expect([formatDuration(120_000), formatDuration(1_499), formatDuration(0)]).toEqual(["PT120S", "PT1S", "PT1S"]);
});

describe("readSystemDateAndTime", () => {
  const at = (year: string, month = "2", second = "3") =>
    readSystemDateAndTime(
      parseXml(
        `<r><SystemDateAndTime><UTCDateTime><Time><Hour>23</Hour><Minute>59</Minute><Second>${second}</Second></Time><Date><Year>${year}</Year><Month>${month}</Month><Day>28</Day></Date></UTCDateTime></SystemDateAndTime></r>`,
      ),
    );
  it.each([
    ["2026", "2", "3", Date.UTC(2026, 1, 28, 23, 59, 3)],
    ["1970", "1", "0", Date.UTC(1970, 0, 28, 23, 59, 0)],
    ["0", "0", "0", undefined],
    ["26", "2", "3", undefined],
    ["2026", "13", "3", undefined],
    ["2026", "2", "61", undefined],
    ["2026", "2", "", undefined],
    ["1e3", "2", "3", undefined],
    ["99999", "2", "3", undefined],
  ])("%s-%s, second %s", (year, month, second, expected) => expect(at(year, month, second)).toBe(expected));

  it("knows nothing where nothing is said", () => {
    expect(readSystemDateAndTime(parseXml("<r/>"))).toBeUndefined();
  });
});
