import { describe, expect, it } from "@jest/globals";
import { randomInt } from "node:crypto";

import { lengthsToTry } from "./draw-for-camera.ts";
import { createDrawPassword } from "./draw-password.ts";

const words = ["acid-burner-trimming", "a-b-cdefghijklm", "harbour-lantern-meadowland"];
const draw = createDrawPassword(() => words[randomInt(words.length)] ?? "");
const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[._-]/];

describe("drawn passwords", () => {
  it.each([8, 12, 16, 21, 22, 28, 64])(
    "fit into %i characters, hold every kind, and nothing that cameras mend",
    (longest) => {
      for (let n = 0; n < 200; n += 1) {
        const password = draw({ longest, kinds: 2 }).reveal();
        expect(password.length).toBeLessThanOrEqual(longest);
        expect(password).toMatch(/^[\w.-]{8,}$/);
        for (const kind of kinds) expect(password).toMatch(kind);
      }
    },
  );

  it("are three words and six characters where there is room, and characters alone where there is none", () => {
    expect(draw({ longest: 64, kinds: 2 }).reveal()).toMatch(/^[a-z]+-[a-z]+-[a-z]+\.[\w.-]{6}$/);
    expect(draw({ longest: 16, kinds: 2 }).reveal()).toHaveLength(16);
  });

  it("are never the same", () => {
    const drawn = Array.from({ length: 500 }, () => draw({ longest: 16, kinds: 2 }).reveal());
    expect(new Set(drawn).size).toBe(500);
  });

  it("are not drawn for a camera that takes fewer than eight characters", () => {
    expect(() => draw({ longest: 7, kinds: 2 })).toThrow(RangeError);
  });
});

describe("lengths that are tried at a camera", () => {
  it.each([
    [undefined, "other", [28, 16, 12, 8]],
    [undefined, "hikvision", [16, 12, 8]],
    [32, "hikvision", [16, 12, 8]],
    [32, "axis", [32, 16, 12, 8]],
    [0, "other", [28, 16, 12, 8]],
    [4_000, "other", [64, 16, 12, 8]],
    [6, "other", [8]],
    [12, "other", [12, 8]],
  ] as const)("are, where it says %s and is of %s, %j", (told, vendor, lengths) => {
    expect(lengthsToTry(told, vendor)).toEqual(lengths);
  });
});
