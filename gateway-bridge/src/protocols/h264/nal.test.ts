import { describe, expect, it } from "@jest/globals";

import { isParameterSet, isVcl, nalType, nalTypes, startsPicture } from "./nal.ts";

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe("NAL units", () => {
  it.each([
    ["slice", bytes(0x41, 0x9a), { type: 1, vcl: true, idr: false, set: false, starts: true }],
    ["later slice", bytes(0x41, 0x1a), { type: 1, vcl: true, idr: false, set: false, starts: false }],
    ["IDR", bytes(0x65, 0x88), { type: 5, vcl: true, idr: true, set: false, starts: true }],
    ["SEI", bytes(0x06, 5), { type: 6, vcl: false, idr: false, set: false, starts: false }],
    ["SPS", bytes(0x67, 0x64), { type: 7, vcl: false, idr: false, set: true, starts: false }],
    ["PPS", bytes(0x68, 0xee), { type: 8, vcl: false, idr: false, set: true, starts: true }],
    ["nothing", bytes(), { type: 0, vcl: false, idr: false, set: false, starts: false }],
  ])("tells what a %s is", (_, nal, { type, vcl, idr, set, starts }) => {
    expect(nalType(nal)).toBe(type);
    expect([isVcl(type), type === nalTypes.idr, isParameterSet(nal), startsPicture(nal)]).toEqual([
      vcl,
      idr,
      set,
      starts,
    ]);
  });
});
