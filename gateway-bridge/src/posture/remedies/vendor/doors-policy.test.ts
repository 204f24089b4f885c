import { describe, expect, it } from "@jest/globals";

import { judgeDoors, type DoorsVerdict, type OpenDoors } from "./doors-policy.ts";

const shut: DoorsVerdict = { kind: "shut" };
const open = (...left: readonly string[]): DoorsVerdict => ({ kind: "open", left });
const partly = (gone: string, ...left: readonly string[]): DoorsVerdict => ({ kind: "partly", shut: [gone], left });

describe("what a switch did to the doors that it should shut", () => {
  it.each<[string, OpenDoors["before"], OpenDoors["now"], DoorsVerdict]>([
    ["all are shut", ["23", "9527"], [], shut],
    ["none was open", [], [], shut],
    ["nobody knows what was open, and none is", undefined, [], shut],
    ["the only one is still open", ["23"], ["23"], open("23")],
    ["all are still open", ["23", "9527"], ["23", "9527"], open("23", "9527")],
    ["one is shut, and another hangs on another switch", ["23", "9527"], ["9527"], partly("23", "9527")],
    ["another is open instead", ["23"], ["2323"], open("2323")],
    ["one is shut, and a new one is open beside an old one", ["23", "9527"], ["9527", "2323"], open("9527", "2323")],
    ["one is open that was not", [], ["23"], open("23")],
    ["nobody knows what was open, and one is", undefined, ["23"], open("23")],
  ])("is told apart: %s", (_, before, now, verdict) => {
    expect(judgeDoors({ before, now })).toEqual(verdict);
  });
});
