import { describe, expect, it } from "@jest/globals";

import { chooseStream, type StreamChoice } from "./stream-choice-policy.ts";

type State = StreamChoice["wanted"];
type Choice = ReturnType<typeof chooseStream>;

// By the state of the wanted and the prepared stream: what a large viewer gets, and what a small one gets.
const table: readonly [wanted: State, prepared: State, large: Choice, small: Choice][] = [
  ["live", "live", "wanted", "wanted"],
  ["live", "connecting", "wanted", "wanted"],
  ["live", "offline", "wanted", "wanted"],
  ["live", "idle", "wanted", "wanted"],
  ["idle", "live", "prepared", "wanted"],
  ["idle", "connecting", "wanted", "wanted"],
  ["idle", "offline", "wanted", "wanted"],
  ["idle", "idle", "wanted", "wanted"],
  ["connecting", "live", "prepared", "wanted"],
  ["connecting", "connecting", "wanted", "wanted"],
  ["connecting", "offline", "wanted", "wanted"],
  ["connecting", "idle", "wanted", "wanted"],
  ["offline", "live", "prepared", "prepared"],
  ["offline", "connecting", "prepared", "prepared"],
  ["offline", "offline", "prepared", "prepared"],
  ["offline", "idle", "prepared", "prepared"],
];

describe("chooseStream", () => {
  it.each(table)("wanted is %s, prepared is %s: a large viewer gets the %s one, a small one the %s one", (...row) => {
    const [wanted, prepared, large, small] = row;
    for (const width of [640, 1280, 1920]) expect(chooseStream({ width, wanted, prepared })).toBe(large);
    for (const width of [320, 639]) expect(chooseStream({ width, wanted, prepared })).toBe(small);
  });
});
