import type { Mp4ParameterSets, Mp4VideoTrack } from "./mp4-track.ts";

type Codec = Mp4VideoTrack["codec"];

/**
 * What does not belong into a sample: delimiters, ends and filler. ISO/IEC 14496-15 4.3.2, 8.3.2; ITU-T H.264 table 7-1,
 * H.265 table 7-1
 */
const leftOut = {
  h264: new Set([9, 10, 11, 12]),
  h265: new Set([35, 36, 37, 38]),
} as const satisfies Record<Codec, ReadonlySet<number>>;

const setTypes = {
  h264: { vps: undefined, sps: 7, pps: 8 },
  h265: { vps: 32, sps: 33, pps: 34 },
} as const;

const typeOf = (codec: Codec, nal: Buffer): number => {
  const first = nal[0] ?? 0;
  return codec === "h264" ? first & 0x1f : (first >> 1) & 0x3f;
};

/** The first parameter set of each kind among a picture's NAL units; undefined while one is missing. */
export const parameterSetsIn = (codec: Codec, nals: readonly Buffer[]): Mp4ParameterSets | undefined => {
  const types = setTypes[codec];
  const first = (type: number | undefined): Buffer | undefined =>
    type === undefined ? undefined : nals.find((nal) => typeOf(codec, nal) === type);
  const [vps, sps, pps] = [first(types.vps), first(types.sps), first(types.pps)];
  if (sps === undefined || pps === undefined || (codec === "h265" && vps === undefined)) return undefined;
  return { ...(vps === undefined ? {} : { vps }), sps, pps };
};

/**
 * A picture's NAL units with their lengths in front, as parts of one sample. The NAL units are not copied. Parameter sets that are
 * told in the sample entry are left out; any beyond those stay, because pictures may refer to them.
 */
export const nalSample = (codec: Codec, nals: readonly Buffer[], told?: Mp4ParameterSets): readonly Buffer[] => {
  const known = told === undefined ? [] : [told.vps, told.sps, told.pps].filter((set) => set !== undefined);
  const kept = nals.filter(
    (nal) => nal.length > 0 && !leftOut[codec].has(typeOf(codec, nal)) && !known.some((set) => set.equals(nal)),
  );
  const lengths = Buffer.allocUnsafe(4 * kept.length);
  return kept.flatMap((nal, index) => {
    lengths.writeUInt32BE(nal.length, 4 * index);
    return [lengths.subarray(4 * index, 4 * index + 4), nal];
  });
};
