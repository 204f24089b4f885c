import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { clockTime } from "../clock-time.ts";
import type { MendedCamera } from "../remedy.ts";
import { waitFor } from "./rotation-wait.ts";

const minute = 60_000;
const clock = new TestClock();

/** How long each account has to be left alone, by how many wrong passwords there have to be room for. */
const guessed = (by: Readonly<Record<string, readonly [one: number, two: number]>>): MendedCamera["guesses"] => ({
  allowed: (username, count) => {
    const retryInMs = by[username]?.[count - 1] ?? 0;
    return retryInMs === 0 ? { kind: "allowed" } : { kind: "refused", why: "because", retryInMs };
  },
  wasWrong: () => false,
  noteWrong: () => undefined,
});

describe("how long a rotation waits", () => {
  it.each([
    ["not at all where there is room for what shows that the old password is refused", 1, 0],
    ["for room at each list of users that has to show it", 2, 20 * minute],
  ])("%s", (_, lists, forMs) => {
    const guesses = guessed({ admin: [0, 20 * minute] });
    const wait = waitFor({ guesses, clock }, [{ username: "admin", lists }]);
    expect(wait?.until).toBe(forMs === 0 ? undefined : clock.now() + forMs);
  });

  it("is as long as for the account that waits longest, and says why and until when", () => {
    const guesses = guessed({ admin: [5 * minute, 0], root: [30 * minute, 0], guest: [10 * minute, 0] });
    const accounts = ["admin", "root", "guest"].map((username) => ({ username, lists: 1 }));
    const until = clock.now() + 30 * minute;
    const why = `The password of root is not changed before ${clockTime(until)}, so that the camera does not lock the account: because.`;
    expect(waitFor({ guesses, clock }, accounts)).toEqual({ until, why });
  });
});
