import { describe, expect, it } from "@jest/globals";

import { learnParameterSets, withParameterSets } from "./key-picture.ts";
import { makePicture, parameterSets } from "./testing/units.ts";

const { sps, pps } = parameterSets;
const otherSps = Buffer.from("6764001facd9", "hex");
const delimiter = Buffer.from("0910", "hex");

describe("learnParameterSets", () => {
  it("prefers those in band over those known before, each by itself", () => {
    const learned = learnParameterSets("h264", makePicture({ key: true, before: [otherSps] }), parameterSets);
    expect(learned).toEqual({ sps: otherSps, pps });
  });

  it("keeps what it knows, as the same object, while nothing changes", () => {
    expect(learnParameterSets("h264", makePicture({ key: true }), parameterSets)).toBe(parameterSets);
    const repeated = makePicture({ key: true, before: [Buffer.from(sps), Buffer.from(pps)] });
    expect(learnParameterSets("h264", repeated, parameterSets)).toBe(parameterSets);
  });

  it("knows nothing while one of the two is missing", () => {
    expect(learnParameterSets("h264", makePicture({ key: true, before: [sps] }), undefined)).toBeUndefined();
  });

  it("copies what it keeps, so that no network buffer stays in memory for it", () => {
    const learned = learnParameterSets("h264", makePicture({ key: true, before: [sps, pps] }), undefined);
    expect(learned).toEqual(parameterSets);
    expect(learned?.sps).not.toBe(sps);
  });
});

describe("withParameterSets", () => {
  it("puts the missing ones in front of the picture, sharing its bytes", () => {
    const unit = makePicture({ key: true });
    const whole = withParameterSets("h264", unit, parameterSets);
    expect(whole.nals).toEqual([sps, pps, unit.nals[0]]);
    expect(whole.nals[2]).toBe(unit.nals[0]);
    expect(whole.bytes).toBe(unit.bytes + sps.length + pps.length);
  });

  it("leaves a picture alone that brings its own, or for which none are known", () => {
    const whole = makePicture({ key: true, before: [sps, pps] });
    expect(withParameterSets("h264", whole, parameterSets)).toBe(whole);
    const bare = makePicture({ key: true });
    expect(withParameterSets("h264", bare, undefined)).toBe(bare);
  });

  it("adds only the one that is missing", () => {
    const unit = makePicture({ key: true, before: [otherSps] });
    expect(withParameterSets("h264", unit, parameterSets).nals).toEqual([pps, ...unit.nals]);
  });

  it("keeps an access unit delimiter first", () => {
    const unit = makePicture({ key: true, before: [delimiter] });
    expect(withParameterSets("h264", unit, parameterSets).nals).toEqual([delimiter, sps, pps, unit.nals[1]]);
  });
});

describe("of H.265", () => {
  const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
  const sets = { vps: bytes(0x40, 1, 0x0c), sps: bytes(0x42, 1, 1), pps: bytes(0x44, 1, 0xc0) };
  const [delimiterOf265, slice] = [bytes(0x46, 1, 0x10), bytes(0x26, 1, 0xaf, 5)];
  const unit = (...nals: readonly Buffer[]): ReturnType<typeof makePicture> => ({
    ...makePicture({ key: true }),
    nals,
    bytes: Buffer.concat(nals).length,
  });

  it("are learnt with a VPS, and not without", () => {
    expect(learnParameterSets("h265", unit(sets.vps, sets.sps, sets.pps, slice), undefined)).toEqual(sets);
    expect(learnParameterSets("h265", unit(sets.sps, sets.pps, slice), undefined)).toBeUndefined();
    expect(learnParameterSets("h265", unit(sets.sps, sets.pps, slice), sets)).toBe(sets);
    const other = bytes(0x40, 1, 0x0d);
    expect(learnParameterSets("h265", unit(other, slice), sets)).toEqual({ ...sets, vps: other });
  });

  it("are put behind a delimiter, the missing ones alone", () => {
    const whole = withParameterSets("h265", unit(delimiterOf265, sets.sps, slice), sets);
    expect(whole.nals).toEqual([delimiterOf265, sets.vps, sets.pps, sets.sps, slice]);
    expect(whole.bytes).toBe(Buffer.concat(whole.nals).length);
    const complete = unit(sets.vps, sets.sps, sets.pps, slice);
    expect(withParameterSets("h265", complete, sets)).toBe(complete);
  });
});
