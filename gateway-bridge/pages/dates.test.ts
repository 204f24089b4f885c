import { describe, expect, it } from "@jest/globals";

import { fullTime, relativeTime, span, toLocalInput } from "./dates.js";

const now = Date.UTC(2026, 10, 22, 12, 0, 0);
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

describe("relativeTime", () => {
  it.each([
    [0, "now"],
    [-999, "now"],
    [-5 * second, "5 seconds ago"],
    [-59 * second, "59 seconds ago"],
    [-90 * second, "1 minute ago"],
    [-23 * hour, "23 hours ago"],
    [-day, "yesterday"],
    [-6 * day, "6 days ago"],
    [2 * hour, "in 2 hours"],
  ])("says of %d ms away %j", (away, words) => {
    expect(relativeTime(now + away, now, "en")).toBe(words);
  });

  it("speaks the reader's language", () => {
    expect(relativeTime(now - 3 * minute, now, "de")).toBe("vor 3 Minuten");
  });

  it("gives the date from a week on", () => {
    expect(relativeTime(now - 7 * day, now, "en")).toBe(fullTime(now - 7 * day, "en"));
  });
});

describe("fullTime", () => {
  it("is the clock on the reader's wall, as the reader writes it", () => {
    expect(fullTime(now, "de", "Europe/Berlin")).toBe("22.11.2026, 13:00");
    expect(fullTime(now, "en-US", "America/New_York")).toMatch(/^Nov 22, 2026, 7:00\sAM$/);
  });
});

describe("toLocalInput", () => {
  it.each([now, Date.UTC(2027, 0, 1, 0, 5), Date.UTC(2026, 5, 9, 23, 59)])(
    "is read back as the same minute: %d",
    (time) => {
      const text = toLocalInput(time);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
      expect(new Date(text).getTime()).toBe(time);
    },
  );
});

describe("span", () => {
  it.each([
    [0, "1 second"],
    [900, "1 second"],
    [1_001, "2 seconds"],
    [90 * second, "90 seconds"],
    [2 * minute, "2 minutes"],
    [121 * second, "3 minutes"],
    [59 * minute, "59 minutes"],
    [3 * hour, "3 hours"],
  ])("says of %d ms %j, and never less", (ms, words) => {
    expect(span(ms, "en")).toBe(words);
  });
});
