import { describe, expect, it } from "@jest/globals";

import { afterFailure, lockWindowMs, recoveryOf, type Failure } from "./recovery-policy.ts";
import { openPhases } from "./run-phase.ts";

describe("what is done about a change that the end of the process cut off", () => {
  it.each([
    ["remembering", 1, "again"],
    ["remembering", 3, "fail"],
    ["applying", 1, "again"],
    ["applying", 2, "again"],
    ["applying", 3, "undo"],
    ["verifying", 2, "again"],
    ["verifying", 3, "undo"],
    ["committing", 50, "again"],
    ["undoing", 50, "again"],
  ] as const)("%s at start %i: %s", (phase, starts, kind) => {
    expect(recoveryOf({ phase, starts }).kind).toBe(kind);
  });
});

describe("what is done about a part that failed", () => {
  const failure = (given: Partial<Failure>): Failure => ({
    phase: "applying",
    code: "camera-fault",
    retry: "later",
    failures: 1,
    changesLogin: false,
    ...given,
  });

  it("fails while nothing was changed, and takes back what may have been", () => {
    expect(afterFailure(failure({ phase: "remembering" }))).toEqual({ kind: "fail" });
    expect(afterFailure(failure({ phase: "applying" }))).toEqual({ kind: "undo" });
    expect(afterFailure(failure({ phase: "verifying", retry: "never" }))).toEqual({ kind: "undo" });
  });

  it("waits longer than cameras lock accounts before it asks again by a password", () => {
    for (const code of ["probe-refused", "camera-credentials"] as const) {
      const decision = afterFailure(failure({ phase: "verifying", code }));
      expect(decision).toEqual({ kind: "again", inMs: lockWindowMs });
    }
    expect(lockWindowMs).toBeGreaterThan(35 * 60_000);
  });

  it("waits as long as it has to, and no longer, for a camera that may be asked again at a known time", () => {
    const refused = (given: Partial<Failure>) => afterFailure(failure({ code: "probe-refused", ...given }));
    expect(refused({ phase: "verifying", retryInMs: 60_000 })).toEqual({ kind: "again", inMs: 61_000 });
    expect(refused({ phase: "verifying", retryInMs: 1e9 })).toEqual({ kind: "again", inMs: lockWindowMs });
  });

  it("waits before it begins, too: nothing is in doubt then; but not for ever", () => {
    const refused = (failures: number) =>
      afterFailure(failure({ phase: "remembering", code: "probe-refused", retryInMs: 60_000, failures }));
    for (const failures of [1, 2, 3]) expect(refused(failures)).toEqual({ kind: "again", inMs: 61_000 });
    expect(refused(4)).toEqual({ kind: "fail" });
  });

  it("asks a camera that is away again, each time after a longer pause, until it gives up", () => {
    const pauses = Array.from({ length: 13 }, (_, n) => afterFailure(failure({ phase: "verifying", failures: n + 1 })));
    expect(pauses.slice(0, 3)).toEqual([5_000, 10_000, 20_000].map((inMs) => ({ kind: "again", inMs })));
    expect(pauses[11]).toEqual({ kind: "again", inMs: 120_000 });
    expect(pauses[12]).toEqual({ kind: "undo" });
  });

  it("never gives up a camera whose password is in doubt", () => {
    for (const [code, retry] of [
      ["camera-unreachable", "later"],
      ["camera-fingerprint-changed", "never"],
      ["internal", "later"],
    ] as const) {
      const decision = afterFailure(failure({ phase: "undoing", code, retry, failures: 10_000, changesLogin: true }));
      expect(decision.kind).toBe("again");
    }
    expect(afterFailure(failure({ phase: "undoing", failures: 21 }))).toEqual({ kind: "fail" });
  });

  it("ends where a remedy says that it cannot be taken back", () => {
    const decision = afterFailure(failure({ phase: "undoing", code: "remedy-failed", changesLogin: true }));
    expect(decision).toEqual({ kind: "fail" });
  });

  it("knows what to do in every phase", () => {
    for (const phase of openPhases)
      for (const changesLogin of [true, false])
        expect(["again", "undo", "fail"]).toContain(afterFailure(failure({ phase, changesLogin })).kind);
  });
});
