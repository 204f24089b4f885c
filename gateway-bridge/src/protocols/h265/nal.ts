/** nal_unit_type. ITU-T H.265 table 7-1; 48 to 50 are RTP's, RFC 7798 4.4 */
export const nalTypes = {
  blaWithLeading: 16,
  idrWithLeading: 19,
  idr: 20,
  cra: 21,
  vps: 32,
  sps: 33,
  pps: 34,
  delimiter: 35,
  prefixSei: 39,
  suffixSei: 40,
  aggregate: 48,
  fragment: 49,
  paci: 50,
} as const;

/** Bytes of a NAL unit's header. ITU-T H.265 7.3.1.2 */
export const nalHeaderSize = 2;

/** Of a NAL unit without start code, which may be cut off; 0 for an empty one. */
export const nalType = (nal: Buffer): number => ((nal[0] ?? 0) >> 1) & 0x3f;

/** Holds (a part of) a coded picture. Types 10 to 15 and 22 to 31 are reserved. */
export const isVcl = (type: number): boolean => type <= 9 || isIrap(type);

/** Of a picture that decoding can start at: IDR, CRA or BLA. */
export const isIrap = (type: number): boolean => type >= nalTypes.blaWithLeading && type <= nalTypes.cra;

export const isParameterSet = (nal: Buffer): boolean => {
  const type = nalType(nal);
  return type >= nalTypes.vps && type <= nalTypes.pps;
};

/** Of another layer than the base: pictures in other sizes or from other sides, which decoders of version 1 pass over. */
export const isLayered = (nal: Buffer): boolean => (((nal[0] ?? 0) & 1) << 5) + ((nal[1] ?? 0) >> 3) > 0;

/** Whether a slice is the first of its picture: first_slice_segment_in_pic_flag. ITU-T H.265 7.3.6.1 */
export const startsPicture = (nal: Buffer): boolean => ((nal[nalHeaderSize] ?? 0) & 0x80) !== 0;
