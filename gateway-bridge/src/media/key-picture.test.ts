import { describe, expect, it } from "@jest/globals";

import { learnParameterSets, withParameterSets } from "./key-picture.ts";
import { makePicture, parameterSets } from "./testing/units.ts";

const { sps, pps } = parameterSets;
const otherSps = Buffer.from("6764001facd9", "hex");
const delimiter = Buffer.from("0910", "hex");

describe("learnParameterSets", () => {
  it("prefers those in band over those known before, each by itself", () => {
    const learned = learnParameterSets(makePicture({ key: true, before: [otherSps] }), parameterSets);
    expect(learned).toEqual({ sps: otherSps, pps });
  });

  it("keeps what it knows, as the same object, while nothing changes", () => {
    expect(learnParameterSets(makePicture({ key: true }), parameterSets)).toBe(parameterSets);
    const repeated = makePicture({ key: true, before: [Buffer.from(sps), Buffer.from(pps)] });
    expect(learnParameterSets(repeated, parameterSets)).toBe(parameterSets);
  });

  it("knows nothing while one of the two is missing", () => {
    expect(learnParameterSets(makePicture({ key: true, before: [sps] }), undefined)).toBeUndefined();
  });

  it("copies what it keeps, so that no network buffer stays in memory for it", () => {
    const learned = learnParameterSets(makePicture({ key: true, before: [sps, pps] }), undefined);
    expect(learned).toEqual(parameterSets);
    expect(learned?.sps).not.toBe(sps);
  });
});

describe("withParameterSets", () => {
  it("puts the missing ones in front of the picture, sharing its bytes", () => {
    const unit = makePicture({ key: true });
    const whole = withParameterSets(unit, parameterSets);
    expect(whole.nals).toEqual([sps, pps, unit.nals[0]]);
    expect(whole.nals[2]).toBe(unit.nals[0]);
    expect(whole.bytes).toBe(unit.bytes + sps.length + pps.length);
  });

  it("leaves a picture alone that brings its own, or for which none are known", () => {
    const whole = makePicture({ key: true, before: [sps, pps] });
    expect(withParameterSets(whole, parameterSets)).toBe(whole);
    const bare = makePicture({ key: true });
    expect(withParameterSets(bare, undefined)).toBe(bare);
  });

  it("adds only the one that is missing", () => {
    const unit = makePicture({ key: true, before: [otherSps] });
    expect(withParameterSets(unit, parameterSets).nals).toEqual([pps, ...unit.nals]);
  });

  it("keeps an access unit delimiter first", () => {
    const unit = makePicture({ key: true, before: [delimiter] });
    expect(withParameterSets(unit, parameterSets).nals).toEqual([delimiter, sps, pps, unit.nals[1]]);
  });
});
