import { describe, expect, it } from "@jest/globals";
import { errorRegistry, type ErrorCode } from "@gatehouse/shared";

import {
  drainedPauseMs,
  longestPauseMs,
  pauseBeforeReconnect,
  refusedPauseMs,
  shortestPauseMs,
} from "./reconnect-policy.ts";

const between = (code: ErrorCode, failures: number): [number, number] => {
  const pause = (random: number): number =>
    pauseBeforeReconnect({ code, failures, retry: errorRegistry[code].retry, random });
  return [pause(0), pause(1 - Number.EPSILON)];
};

describe("pauseBeforeReconnect", () => {
  it.each<[ErrorCode, number, number, number]>([
    ["relay-unreachable", 1, shortestPauseMs, 2_000],
    ["relay-unreachable", 2, shortestPauseMs, 4_000],
    ["relay-unreachable", 5, shortestPauseMs, 32_000],
    ["relay-unreachable", 6, shortestPauseMs, longestPauseMs],
    ["relay-unreachable", 1_000_000, shortestPauseMs, longestPauseMs],
    ["relay-answer-malformed", 1, shortestPauseMs, 2_000],
    ["relay-busy", 1, shortestPauseMs, drainedPauseMs],
    ["relay-busy", 6, shortestPauseMs, longestPauseMs],
    ["relay-impostor", 1, shortestPauseMs, longestPauseMs],
    ["relay-refused", 1, refusedPauseMs, 330_000],
    ["relay-refused", 99, refusedPauseMs, 330_000],
  ])("waits after %s for the time number %i between %i and %i ms", (code, failures, least, most) => {
    expect(between(code, failures)).toEqual([least, most]);
  });
});
