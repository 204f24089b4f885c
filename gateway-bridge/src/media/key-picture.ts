import type { VideoUnit } from "../domain/access-unit.ts";
import type { ParameterSets } from "../domain/track.ts";
import { nalType, nalTypes } from "../protocols/h264/nal.ts";

/** A copy, because a view would keep the whole chunk of the connection that it arrived in. */
const keep = (nal: Buffer | undefined, known: Buffer | undefined): Buffer | undefined => {
  if (nal === undefined || known?.equals(nal) === true) return known;
  return Buffer.from(nal);
};

/** The parameter sets within a unit, over those known before; undefined while either is missing. */
export const learnParameterSets = (unit: VideoUnit, known: ParameterSets | undefined): ParameterSets | undefined => {
  const of = (type: number): Buffer | undefined => unit.nals.find((nal) => nalType(nal) === type);
  const sps = keep(of(nalTypes.sps), known?.sps);
  const pps = keep(of(nalTypes.pps), known?.pps);
  if (sps === undefined || pps === undefined) return undefined;
  return sps === known?.sps && pps === known.pps ? known : { sps, pps };
};

/** The key picture with parameter sets in front, where the camera sent none with it: decoding can then start here. */
export const withParameterSets = (unit: VideoUnit, sets: ParameterSets | undefined): VideoUnit => {
  if (sets === undefined) return unit;
  const missing = [
    ...(unit.nals.some((nal) => nalType(nal) === nalTypes.sps) ? [] : [sets.sps]),
    ...(unit.nals.some((nal) => nalType(nal) === nalTypes.pps) ? [] : [sets.pps]),
  ];
  if (missing.length === 0) return unit;
  // An access unit delimiter stays first. ITU-T H.264 7.4.1.2.3
  const [first, ...rest] = unit.nals;
  const delimited = first !== undefined && nalType(first) === nalTypes.delimiter;
  const nals = delimited ? [first, ...missing, ...rest] : [...missing, ...unit.nals];
  return { ...unit, nals, bytes: unit.bytes + missing.reduce((bytes, nal) => bytes + nal.length, 0) };
};
