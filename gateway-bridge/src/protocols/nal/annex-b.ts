const startCode = Buffer.from([0, 0, 1]);

/** Whether there is a start code in it, which cannot be part of a NAL unit. ITU-T H.264 7.4.1, H.265 7.4.2 */
export const hasStartCode = (bytes: Buffer): boolean => bytes.indexOf(startCode) >= 0;

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
