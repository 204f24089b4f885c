import type { VideoUnit } from "../domain/access-unit.ts";
import type { ParameterSets, VideoCodec } from "../domain/track.ts";
import * as h264 from "../protocols/h264/nal.ts";
import * as h265 from "../protocols/h265/nal.ts";

interface NalKinds {
  readonly typeOf: (nal: Buffer) => number;
  readonly delimiter: number;
  /** Undefined for a codec without one. */
  readonly vps: number | undefined;
  readonly sps: number;
  readonly pps: number;
}

const kinds: Readonly<Record<VideoCodec, NalKinds>> = {
  h264: { typeOf: h264.nalType, vps: undefined, ...h264.nalTypes },
  h265: { typeOf: h265.nalType, ...h265.nalTypes },
};

/** A copy, because a view would keep the whole chunk of the connection that it arrived in. */
const keep = (nal: Buffer | undefined, known: Buffer | undefined): Buffer | undefined => {
  if (nal === undefined || known?.equals(nal) === true) return known;
  return Buffer.from(nal);
};

/** The parameter sets within a unit, over those known before; undefined while one is missing. */
export const learnParameterSets = (
  codec: VideoCodec,
  unit: VideoUnit,
  known: ParameterSets | undefined,
): ParameterSets | undefined => {
  const { typeOf, ...types } = kinds[codec];
  const find = (type: number): Buffer | undefined => unit.nals.find((nal) => typeOf(nal) === type);
  const vps = types.vps === undefined ? undefined : keep(find(types.vps), known?.vps);
  const sps = keep(find(types.sps), known?.sps);
  const pps = keep(find(types.pps), known?.pps);
  if (sps === undefined || pps === undefined || (vps === undefined && types.vps !== undefined)) return undefined;
  if (vps === known?.vps && sps === known?.sps && pps === known.pps) return known;
  return vps === undefined ? { sps, pps } : { vps, sps, pps };
};

/** The key picture with parameter sets in front, where the camera sent none with it: decoding can then start here. */
export const withParameterSets = (codec: VideoCodec, unit: VideoUnit, sets: ParameterSets | undefined): VideoUnit => {
  if (sets === undefined) return unit;
  const { typeOf, ...types } = kinds[codec];
  const missing = (["vps", "sps", "pps"] as const).flatMap((name) => {
    const [type, set] = [types[name], sets[name]];
    return set === undefined || unit.nals.some((nal) => typeOf(nal) === type) ? [] : [set];
  });
  if (missing.length === 0) return unit;
  // An access unit delimiter stays first. ITU-T H.264 7.4.1.2.3, H.265 7.4.2.4.4
  const [first, ...rest] = unit.nals;
  const delimited = first !== undefined && typeOf(first) === types.delimiter;
  const nals = delimited ? [first, ...missing, ...rest] : [...missing, ...unit.nals];
  return { ...unit, nals, bytes: unit.bytes + missing.reduce((bytes, nal) => bytes + nal.length, 0) };
};
