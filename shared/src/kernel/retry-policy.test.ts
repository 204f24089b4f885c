import { describe, expect, it } from "@jest/globals";

import { errorRegistry, type ErrorCode } from "./errors.ts";
import { credentialsPauseMs, firstPauseMs, longestPauseMs, pauseBeforeRetry } from "./retry-policy.ts";

const pauses = (code: ErrorCode, failures: number): { shortest: number; longest: number } => {
  const { retry } = errorRegistry[code];
  const pause = (random: number): number => pauseBeforeRetry({ failures, retry, code, random });
  return { shortest: pause(0), longest: pause(1 - Number.EPSILON) };
};

describe("pauseBeforeRetry", () => {
  // Every kind of failure: passing, lasting, refused credentials.
  it.each<[ErrorCode, number, number]>([
    ["camera-unreachable", 1, firstPauseMs],
    ["camera-unreachable", 2, 1_000],
    ["camera-unreachable", 3, 2_000],
    ["camera-unreachable", 7, 32_000],
    ["camera-unreachable", 8, longestPauseMs],
    ["camera-unreachable", 1_000_000, longestPauseMs],
    ["internal", 1, firstPauseMs],
    ["camera-fingerprint-changed", 1, longestPauseMs],
    ["camera-fingerprint-changed", 50, longestPauseMs],
  ])("waits after %s for the time number %i at most %i ms and at least half of that", (code, failures, most) => {
    expect(pauses(code, failures)).toEqual({ shortest: most / 2, longest: most });
  });

  it.each([1, 2, 99])("outlasts a camera's 30-minute lock-out after refused credentials (failure %i)", (failures) => {
    expect(pauses("camera-credentials", failures)).toEqual({
      shortest: credentialsPauseMs,
      longest: credentialsPauseMs,
    });
    expect(credentialsPauseMs).toBeGreaterThan(30 * 60_000);
  });
});
