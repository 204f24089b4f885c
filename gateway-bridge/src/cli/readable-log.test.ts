import { expect, it } from "@jest/globals";

import { readableLine } from "./readable-log.ts";

it("shows time, level, message and fields", () => {
  const json =
    '{"level":40,"time":"2026-11-22T03:35:21.997Z","camera":"cam-a","failures":2,"details":{"a":1},"msg":"failed; trying again"}';
  expect(readableLine(json)).toBe('03:35:21  warn   failed; trying again  camera=cam-a  failures=2  details={"a":1}');
});

it("keeps control characters of a hostile text from reaching the terminal", () => {
  const json = JSON.stringify({ level: 30, time: "2026-11-22T03:35:21.997Z", model: "a\u001b[2Jb", msg: "found" });
  expect(readableLine(json)).not.toContain("\u001b");
});
