import { describe, expect, it } from "@jest/globals";

import { hasStartCode, splitAnnexB } from "./annex-b.ts";

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe("splitAnnexB", () => {
  it.each([
    ["start codes of both lengths", bytes(0, 0, 1, 7, 1, 0, 0, 0, 1, 8, 2), [bytes(7, 1), bytes(8, 2)]],
    ["what comes before the first", bytes(7, 0, 0, 1, 8), [bytes(7), bytes(8)]],
    ["no start code", bytes(7, 0, 0, 2), [bytes(7, 0, 0, 2)]],
    ["zeros that fill up", bytes(0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 1, 8), [bytes(7), bytes(8)]],
    ["start codes with nothing between", bytes(0, 0, 1, 0, 0, 1, 0, 0, 1), []],
    ["nothing", bytes(), []],
  ])("handles %s", (_, input, expected) => {
    expect(splitAnnexB(input)).toEqual(expected);
  });
});

describe("hasStartCode", () => {
  it.each([
    [bytes(7, 0, 0, 1), true],
    [bytes(0, 0, 3, 1), false],
    [bytes(), false],
  ])("%j: %s", (input, expected) => expect(hasStartCode(input)).toBe(expected));
});
