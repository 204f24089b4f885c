import { describe, expect, it } from "@jest/globals";

import { nearest } from "./nearest.ts";

const known = ["name", "listen", "media", "lingerSeconds", "host", "port"];

describe("nearest", () => {
  it.each([
    ["listn", "listen"],
    ["Listen", "listen"],
    ["lingerSecond", "lingerSeconds"],
    ["prot", "port"],
    ["hots", "host"],
    ["nam", "name"],
    ["zebra", undefined],
    ["x", undefined],
    ["", undefined],
    ["l".repeat(10_000), undefined],
  ])("takes %s for %s", (word, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });

  it("finds nothing among nothing", () => {
    expect(nearest("port", [])).toBeUndefined();
  });
});
