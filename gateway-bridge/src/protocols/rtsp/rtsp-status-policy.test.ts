import { expect, it } from "@jest/globals";

import { judgeStatus } from "./rtsp-status-policy.ts";

// Covers: every status from 0 to 999 falls into one class; the ones with a remedy of their own.

it("sorts every status", () => {
  const sorted = new Map<string, number[]>();
  for (let status = 0; status < 1_000; status += 1) {
    const verdict = judgeStatus(status);
    const name = verdict.kind === "failed" ? verdict.code : verdict.kind;
    sorted.set(name, [...(sorted.get(name) ?? []), status]);
  }
  expect(sorted.get("done")).toEqual(Array.from({ length: 100 }, (_, index) => 200 + index));
  expect(sorted.get("log-in")).toEqual([401]);
  expect(sorted.get("camera-foreign-host")).toEqual(Array.from({ length: 100 }, (_, index) => 300 + index));
  expect(sorted.get("camera-fault")).toHaveLength(799);
});

it.each([
  [403, /right/],
  [404, /path/],
  [453, /viewers/],
  [461, /TCP/],
  [503, /viewers/],
])("says what to do about %i", (status, remedy) => {
  expect(judgeStatus(status)).toMatchObject({ remedy: expect.stringMatching(remedy) });
});

it("leaves the common remedy to the rest", () => {
  expect(judgeStatus(500)).toEqual({ kind: "failed", code: "camera-fault" });
});
