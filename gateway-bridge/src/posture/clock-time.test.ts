import { expect, it } from "@jest/globals";

import { clockTime } from "./clock-time.ts";

const at = (hour: number, minute: number, second: number, ms = 0): number =>
  new Date(2026, 10, 22, hour, minute, second, ms).getTime();

it.each([
  [at(23, 14, 0), "23:14"],
  [at(23, 13, 0, 1), "23:14"],
  [at(7, 5, 59, 999), "07:06"],
  [at(23, 59, 1), "00:00"],
])("shows the minute by which a time has come (%i)", (time, text) => {
  expect(clockTime(time)).toBe(text);
});
