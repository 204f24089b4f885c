import { describe, expect, it } from "@jest/globals";

import {
  behind,
  evidenceOf,
  merge,
  sightingOf,
  wantsSecondLook,
  type KnownFinding,
  type SeenStatus,
  type Sighting,
} from "./finding-policy.ts";

const now = 2_000;
const sighting = (status: SeenStatus, more: Partial<Sighting> = {}): Sighting => ({
  status,
  severity: "high",
  evidence: [`it is ${status}`],
  note: null,
  refused: false,
  ...more,
});
const known = (status: SeenStatus, more: Partial<KnownFinding> = {}): KnownFinding => ({
  status,
  severity: "high",
  evidence: ["as before"],
  note: null,
  since: 1_000,
  seen: 1_000,
  pending: null,
  ...more,
});

describe("sightingOf", () => {
  it.each([
    [{ kind: "failed", evidence: ["x"] } as const, { status: "failed", severity: "medium", evidence: ["x"] }],
    [{ kind: "failed", evidence: ["x"], severity: "low" } as const, { status: "failed", severity: "low" }],
    [{ kind: "passed" } as const, { status: "passed", evidence: [] }],
    [{ kind: "unknown", why: "gone" } as const, { status: "unknown", note: "gone" }],
    [{ kind: "not-applicable", why: "none" } as const, { status: "not-applicable", note: "none" }],
  ])("says what %j is", (outcome, expected) => {
    expect(sightingOf(outcome, "medium")).toMatchObject(expected);
  });

  it("bounds what cameras say, and keeps it on one line", () => {
    const lines = evidenceOf(Array.from({ length: 99 }, () => `a\r\n\u0000b\u202e${"c".repeat(9_999)}`));
    expect(lines).toHaveLength(32);
    expect(lines[0]).toMatch(/^a b c+$/);
    expect(lines[0]).toHaveLength(500);
  });
});

describe("merge", () => {
  it.each<SeenStatus>(["failed", "passed", "not-applicable"])("takes the first sight of anything: %s", (status) => {
    expect(merge({ known: undefined, first: sighting(status), now })).toMatchObject({ status, since: now, seen: now });
  });

  it("keeps since when it is so", () => {
    expect(merge({ known: known("failed"), first: sighting("failed"), now })).toMatchObject({
      status: "failed",
      since: 1_000,
      seen: now,
      evidence: ["it is failed"],
    });
  });

  it.each<[SeenStatus, SeenStatus]>([
    ["failed", "passed"],
    ["passed", "failed"],
  ])("takes a change from %s to %s that was seen twice, and no blip", (before, after) => {
    const first = sighting(after);
    expect(wantsSecondLook(known(before), first)).toBe(true);
    const twice = merge({ known: known(before), first, second: sighting(after), now });
    expect(twice).toMatchObject({ status: after, since: now, pending: null });
    const blip = merge({ known: known(before), first, second: sighting(before), now });
    expect(blip).toMatchObject({ status: before, since: 1_000, seen: now, pending: null });
  });

  it("waits for another look where the second brought nothing, and takes the change then", () => {
    const first = sighting("passed");
    const waiting = merge({ known: known("failed"), first, second: sighting("unknown", { note: "gone" }), now });
    expect(waiting).toMatchObject({ status: "failed", since: 1_000, pending: "passed", note: "gone" });
    expect(wantsSecondLook(waiting, first)).toBe(false);
    expect(merge({ known: waiting, first, now: 3_000 })).toMatchObject({
      status: "passed",
      since: 3_000,
      pending: null,
    });
    expect(wantsSecondLook(waiting, sighting("failed"))).toBe(false);
    expect(merge({ known: waiting, first: sighting("failed"), now: 3_000 })).toMatchObject({
      status: "failed",
      since: 1_000,
      pending: null,
    });
  });

  it("takes a change whose second look the budget did not allow", () => {
    const second = sighting("unknown", { refused: true });
    expect(merge({ known: known("failed"), first: sighting("passed"), second, now })).toMatchObject({
      status: "passed",
    });
  });

  it.each<SeenStatus>(["failed", "passed", "not-applicable"])(
    "keeps what was known to be %s where nobody could look",
    (status) => {
      const first = sighting("unknown", { note: "the camera is off", evidence: [] });
      expect(wantsSecondLook(known(status), first)).toBe(false);
      expect(merge({ known: known(status), first, now })).toEqual({ ...known(status), note: "the camera is off" });
    },
  );

  it("says unknown of what was never found out, and then what it is", () => {
    const first = sighting("unknown", { note: "off" });
    const never = merge({ known: undefined, first, now });
    expect(never).toMatchObject({ status: "unknown", since: now, seen: null });
    expect(merge({ known: never, first: sighting("failed"), now: 3_000 })).toMatchObject({
      status: "failed",
      since: 3_000,
    });
  });

  it("hides what is behind another weakness, and looks anew when that is gone", () => {
    const hidden = merge({ known: known("passed"), first: behind("Anybody gets in", "high"), now });
    expect(hidden).toMatchObject({ status: "behind", since: now, seen: 1_000, note: "First: Anybody gets in" });
    expect(merge({ known: hidden, first: sighting("failed"), now: 3_000 })).toMatchObject({
      status: "failed",
      since: 3_000,
    });
    const unseen = merge({ known: hidden, first: sighting("unknown"), now: 3_000 });
    expect(unseen).toMatchObject({ status: "unknown", seen: 1_000 });
  });
});
