import { describe, expect, it } from "@jest/globals";

import { isIrap, isLayered, isParameterSet, isVcl, nalType, startsPicture } from "./nal.ts";

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe("NAL units of H.265", () => {
  it.each([
    ["slice", bytes(0x02, 1, 0xd0), { type: 1, vcl: true, irap: false, set: false, starts: true }],
    ["later slice", bytes(0x02, 1, 0x50), { type: 1, vcl: true, irap: false, set: false, starts: false }],
    ["BLA", bytes(0x20, 1, 0x80), { type: 16, vcl: true, irap: true, set: false, starts: true }],
    ["IDR", bytes(0x26, 1, 0xaf), { type: 19, vcl: true, irap: true, set: false, starts: true }],
    ["CRA", bytes(0x2a, 1, 0xaf), { type: 21, vcl: true, irap: true, set: false, starts: true }],
    ["reserved type", bytes(0x2c, 1, 0x80), { type: 22, vcl: false, irap: false, set: false, starts: true }],
    ["reserved type below", bytes(0x14, 1, 0x80), { type: 10, vcl: false, irap: false, set: false, starts: true }],
    ["VPS", bytes(0x40, 1, 0x0c), { type: 32, vcl: false, irap: false, set: true, starts: false }],
    ["SPS", bytes(0x42, 1, 1), { type: 33, vcl: false, irap: false, set: true, starts: false }],
    ["PPS", bytes(0x44, 1, 0xc0), { type: 34, vcl: false, irap: false, set: true, starts: true }],
    ["SEI", bytes(0x4e, 1, 5), { type: 39, vcl: false, irap: false, set: false, starts: false }],
  ])("tells what a %s is", (_, nal, { type, vcl, irap, set, starts }) => {
    expect(nalType(nal)).toBe(type);
    expect([isVcl(type), isIrap(type), isParameterSet(nal), startsPicture(nal)]).toEqual([vcl, irap, set, starts]);
  });

  it("tells layers from the base", () => {
    expect([bytes(0x02, 1), bytes(0x02, 9), bytes(0x03, 1), bytes()].map(isLayered)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
