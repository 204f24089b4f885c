import { describe, expect, it } from "@jest/globals";
import type { LoginId, PrincipalId } from "@gatehouse/shared";

import { assertRoom, judgeRoom, type Occupant, type RoomLimits } from "./room-policy.ts";

const who = (principal: string, login?: string, block?: string): Occupant => ({
  principal: principal as PrincipalId,
  login: login as LoginId | undefined,
  block,
});
const limits: RoomLimits = { total: 8, perBlock: 5, perPrincipal: 4, perLogin: 2 };
const times = (count: number, occupant: Occupant): Occupant[] => Array<Occupant>(count).fill(occupant);

describe("judgeRoom", () => {
  const ann = who("ann", "a1", "home");
  it.each<[string, Occupant[], Occupant, ReturnType<typeof judgeRoom>]>([
    ["nobody is there", [], ann, undefined],
    ["a browser has room", times(1, ann), ann, undefined],
    ["a browser has enough", times(2, ann), ann, { of: "login", taken: 2 }],
    ["another browser of the same person has room", times(2, ann), who("ann", "a2", "home"), undefined],
    [
      "a person has enough in several browsers",
      [...times(2, ann), ...times(2, who("ann", "a2"))],
      who("ann", "a3"),
      { of: "principal", taken: 4 },
    ],
    ["a program has no browser", times(3, who("app", undefined, "x")), who("app", undefined, "x"), undefined],
    [
      "an address has enough, of several",
      [...times(2, ann), ...times(3, who("app", undefined, "home"))],
      who("other", undefined, "home"),
      { of: "block", taken: 5 },
    ],
    ["where it comes from is not known", times(7, who("x", undefined, "y")), who("app"), undefined],
    ["nobody has enough, but all together", times(8, who("x")), who("app"), { of: "total", taken: 8 }],
    ["its own are too many, and all together too", times(8, ann), ann, { of: "login", taken: 8 }],
  ])("where %s", (_, taken, newcomer, verdict) => {
    expect(judgeRoom(taken, newcomer, limits)).toEqual(verdict);
  });

  it("bounds nothing that it was given no bound for", () => {
    expect(judgeRoom(times(100, ann), ann, { total: 101 })).toBeUndefined();
  });
});

describe("assertRoom", () => {
  it.each([
    [times(2, who("a", "l")), who("a", "l"), "this browser has 2 live views already, and no more are allowed"],
    [times(4, who("a")), who("a"), "this client has 4 live views already, and no more are allowed"],
    [
      times(5, who("a", "l", "b")),
      who("c", "m", "b"),
      "this address has 5 live views already, and no more are allowed",
    ],
    [times(8, who("a")), who("c"), "the gateway has 8 live views already, and no more are allowed"],
  ])("says whose are too many", (taken, newcomer, message) => {
    const ask = () => assertRoom("live views", { taken, newcomer, limits });
    expect(ask).toThrow(expect.objectContaining({ code: "too-many-sessions", message, retry: "later" }));
  });

  it("says nothing where there is room", () => {
    expect(() => assertRoom("live views", { taken: [], newcomer: who("a"), limits })).not.toThrow();
  });
});
