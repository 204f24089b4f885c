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

export const isIdr = (nal: Buffer): boolean => nalType(nal) === nalTypes.idr;

export const isParameterSet = (nal: Buffer): boolean => nalType(nal) === nalTypes.sps || nalType(nal) === nalTypes.pps;

/** Whether a slice is the first of its picture: first_mb_in_slice, ue(v), is 0. ITU-T H.264 7.3.3 */
export const startsPicture = (nal: Buffer): boolean => ((nal[1] ?? 0) & 0x80) !== 0;

const startCode = Buffer.from([0, 0, 1]);

/**
 * The NAL units between Annex B start codes: views, without the zeros that fill up between them. Bytes before the first start
 * code are a NAL unit too; without any start code there is just that one.
 */
export const splitAnnexB = (bytes: Buffer): readonly Buffer[] => {
  const nals: Buffer[] = [];
  let from = 0;
  while (from < bytes.length) {
    const found = bytes.indexOf(startCode, from);
    let end = found < 0 ? bytes.length : found;
    if (found >= 0) while (end > from && bytes[end - 1] === 0) end -= 1;
    if (end > from) nals.push(bytes.subarray(from, end));
    from = found < 0 ? bytes.length : found + startCode.length;
  }
  return nals;
};
