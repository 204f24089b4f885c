import { describe, expect, it } from "@jest/globals";

import { behindUntil, clockSlackMs, earliestTime } from "./clock-policy.ts";

const now = earliestTime + 1e9;

describe("behindUntil", () => {
  it.each([
    ["a clock that nothing speaks against", now, 0, undefined],
    ["one that shows what it showed last", now, now, undefined],
    ["one that the network set back a little", now, now + clockSlackMs, undefined],
    ["one that was ahead by more", now, now + clockSlackMs + 1, now + clockSlackMs + 1],
    ["one that is back at its last shutdown", now - 86_400_000, now, now],
    ["a board's that boots in 1970, on its first day", 5_000, 0, earliestTime],
    ["a board's that boots in 1970, later", 5_000, now, now],
    ["one that shows a time before Gatehouse was written", earliestTime - clockSlackMs - 1, 7, earliestTime],
    ["one that was in 1970 when it was last looked at", now, 5_000, undefined],
  ])("%s", (_case, shows, newest, until) => {
    expect(behindUntil(shows, newest)).toBe(until);
  });
});
