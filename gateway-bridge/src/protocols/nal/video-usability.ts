import type { BitReader } from "./bit-reader.ts";

/** aspect_ratio_idc that is followed by a ratio of its own. */
const extendedAspect = 255;

/** Skips what vui_parameters() of both codecs begin with. ITU-T H.264 E.1.1, H.265 E.2.1 */
export const skipDisplayInformation = (bits: BitReader): void => {
  if (bits.flag() && bits.bits(8) === extendedAspect) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.unsigned();
    bits.unsigned();
  }
};
