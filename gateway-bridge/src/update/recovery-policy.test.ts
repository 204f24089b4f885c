import { expect, it } from "@jest/globals";

import type { UpdateJournal } from "./journal.ts";
import { recoveryOf } from "./recovery-policy.ts";

const journal: UpdateJournal = {
  format: 1,
  step: "idle",
  at: 1_000,
  from: "0.1.0",
  to: "0.2.0",
  running: true,
  restoring: true,
  starts: 0,
  newest: null,
  failed: null,
  previous: null,
};
const quarter = 15 * 60_000;

it.each<[Partial<UpdateJournal>, boolean, string]>([
  [{ step: "idle" }, true, "nothing"],
  [{ step: "fetching" }, true, "discard"],
  [{ step: "unpacking" }, false, "discard"],
  [{ step: "trying" }, true, "discard"],
  [{ step: "switching" }, true, "discard"],
  [{ step: "returning" }, true, "return"],
  [{ step: "returning" }, false, "return"],
  [{ step: "starting" }, false, "judge"],
  [{ step: "starting" }, true, "count"],
  [{ step: "starting", starts: 2 }, true, "count"],
  [{ step: "starting", starts: 3 }, true, "return"],
  [{ step: "starting", starts: 3, at: 2_000 - quarter - 1 }, true, "finish"],
  [{ step: "starting", starts: 3, at: 2_000 - quarter }, true, "return"],
  // A clock that was set back by more than that says nothing about the time since.
  [{ step: "starting", at: 2_001 + quarter }, true, "finish"],
])("cut off at %j, before a start: %p, it is to %s", (changes, beforeStart, expected) => {
  expect(recoveryOf({ ...journal, ...changes }, 2_000, beforeStart).kind).toBe(expected);
});
