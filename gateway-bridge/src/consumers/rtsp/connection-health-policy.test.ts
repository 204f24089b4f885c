import { describe, expect, it } from "@jest/globals";

import { judgeConnection } from "./connection-health-policy.ts";

const signs = { now: 100_000, openedAt: 0, loggedIn: true, heardAt: 90_000, roomAt: undefined };

describe("judgeConnection", () => {
  it.each([
    { name: "keeps one that was heard", over: {}, why: undefined },
    { name: "gives a new one time to log in", over: { loggedIn: false, openedAt: 91_000 }, why: undefined },
    { name: "closes one that does not log in", over: { loggedIn: false, openedAt: 89_000 }, why: "nobody logged in" },
    { name: "closes a silent one", over: { heardAt: 39_999 }, why: "no sign of life" },
    { name: "keeps a silent one that takes what it is sent", over: { heardAt: 0, roomAt: 100_000 }, why: undefined },
    { name: "closes one that takes nothing", over: { heardAt: 0, roomAt: 39_000 }, why: "no sign of life" },
  ])("$name", ({ over, why }) => {
    expect(judgeConnection({ ...signs, ...over })).toBe(why);
  });
});
