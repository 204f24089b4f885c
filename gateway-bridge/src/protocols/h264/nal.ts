export { splitAnnexB } from "../nal/annex-b.ts";

/** nal_unit_type. ITU-T H.264 table 7-1; 24 and 28 are RTP's, RFC 6184 5.2 */
export const nalTypes = {
  slice: 1,
  partitionA: 2,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  delimiter: 9,
  stapA: 24,
  fuA: 28,
} as const;

/** Of a whole NAL unit without start code; 0, which no NAL unit has, for an empty one. */
export const nalType = (nal: Buffer): number => (nal[0] ?? 0) & 0x1f;

/** Holds (a part of) a coded picture. */
export const isVcl = (type: number): boolean => type >= nalTypes.slice && type <= nalTypes.idr;

export const isParameterSet = (nal: Buffer): boolean => nalType(nal) === nalTypes.sps || nalType(nal) === nalTypes.pps;

/** Whether a slice is the first of its picture: first_mb_in_slice, ue(v), is 0. ITU-T H.264 7.3.3 */
export const startsPicture = (nal: Buffer): boolean => ((nal[1] ?? 0) & 0x80) !== 0;
