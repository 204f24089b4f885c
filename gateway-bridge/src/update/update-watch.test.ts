import { beforeEach, expect, it } from "@jest/globals";
import type { UpdateState } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { lookMs, UpdateWatch } from "./update-watch.ts";

const quiet: UpdateState = {
  current: "0.1.0",
  supportedUntil: 0,
  available: null,
  step: "idle",
  advisories: { asOf: "2026-11-22", found: [] },
};
const fault = {
  id: "GHSA-aaaa-bbbb-cccc",
  package: "one",
  version: "1.0.0",
  severity: "high",
  url: "https://example.org",
} as const;

let clock: TestClock;
let told: string[];
let state: UpdateState | undefined;
let log: MemoryLogger;
beforeEach(() => {
  [clock, told, state, log] = [new TestClock(), [], quiet, new MemoryLogger()];
});

const open = async (): Promise<UpdateWatch> => {
  const watch = UpdateWatch.open({
    read: async () => state ?? Promise.reject(new Error("unreadable")),
    notices: {
      raise: ({ kind, text }) => void told.push(`${kind}: ${text}`),
      withdraw: (kind) => void told.push(`no ${kind}`),
    },
    clock,
    log,
  });
  await clock.advance(0);
  return watch;
};

it("tells of a newer version once, of the one after it again, and takes it back when it runs", async () => {
  using _watch = await open();
  expect(told.splice(0)).toEqual(["no update-available", "no advisory"]);
  state = { ...quiet, available: { version: "0.2.0", released: 1 } };
  await clock.advance(3 * lookMs);
  expect(told.splice(0)).toEqual(["update-available: Version 0.2.0 of Gatehouse can be installed."]);
  state = { ...quiet, available: { version: "0.3.0", released: 2 } };
  await clock.advance(lookMs);
  expect(told.splice(0)).toEqual(["update-available: Version 0.3.0 of Gatehouse can be installed."]);
  state = quiet;
  await clock.advance(lookMs);
  expect(told).toEqual(["no update-available"]);
});

it("tells of known faults of what runs, at the start", async () => {
  state = { ...quiet, advisories: { asOf: "2026-11-22", found: [fault] } };
  using _watch = await open();
  expect(told).toContain("advisory: This version has known faults: GHSA-aaaa-bbbb-cccc of one (high).");
});

it("goes on where a look has failed, and looks no more once it is closed", async () => {
  state = undefined;
  {
    using _watch = await open();
    expect(log.lines).toHaveLength(1);
    state = { ...quiet, available: { version: "0.2.0", released: 1 } };
    await clock.advance(lookMs);
    expect(told).toContain("update-available: Version 0.2.0 of Gatehouse can be installed.");
  }
  expect(clock.pending).toBe(0);
});
