import { describe, expect, it } from "@jest/globals";
import { PrincipalId } from "@gatehouse/shared";

import { judgeClaim, refusedMs, retryAt } from "./talk-policy.ts";

const other = PrincipalId.parse("who-bbbbbbbbbbbbbbbb");

describe("judgeClaim", () => {
  it.each([
    [true, undefined, "granted"],
    [true, other, "talk-busy"],
    [false, undefined, "access-denied"],
    // Whoever may not talk does not learn who does.
    [false, other, "access-denied"],
  ])("with the right %s and the holder %s is %s", (mayTalk, holder, expected) => {
    expect(judgeClaim({ mayTalk, holder })).toBe(expected);
  });
});

describe("retryAt", () => {
  it("waits after what may pass, and gives up on what will not", () => {
    expect(retryAt({ retry: "later" }, 1_000)).toBe(1_000 + refusedMs);
    expect(retryAt({ retry: "never" }, 1_000)).toBe(Number.POSITIVE_INFINITY);
  });
});
