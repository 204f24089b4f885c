import { BitReader, withoutEmulationPrevention } from "../nal/bit-reader.ts";

/** What a sequence parameter set of H.265 says that a file must repeat. */
export interface HevcParameters {
  /** The first 11 bytes of profile_tier_level: profile, compatibility, constraints. ITU-T H.265 7.3.3 */
  readonly profile: Buffer;
  /** general_level_idc: thirty times the level. */
  readonly level: number;
  /** sps_max_sub_layers_minus1 + 1 */
  readonly subLayers: number;
  readonly temporalIdNested: boolean;
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  /** Bits of a sample. */
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
}

const spsType = 33;
/** Header of the NAL unit, one byte before profile_tier_level, and its 12 bytes. */
const fixedLength = 2 + 1 + 12;
/** More than any valid one; bounds the work on a hostile one. */
const maxSize = 4_096;
const maxSide = 16_384;

// ITU-T H.265 7.3.3: what each sub-layer says of itself.
const skipSubLayers = (bits: BitReader, count: number): void => {
  if (count === 0) return;
  const present = Array.from({ length: count }, () => ({ profile: bits.flag(), level: bits.flag() }));
  bits.skip(2 * (8 - count));
  for (const { profile, level } of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
};

interface Cropping {
  readonly width: number;
  readonly height: number;
  readonly chroma: number;
}

// ITU-T H.265 7.4.3.2.1 and table 6-1: the window counts in chroma samples.
const crop = (bits: BitReader, { width, height, chroma }: Cropping): { width: number; height: number } => {
  if (!bits.flag()) return { width, height };
  const [left, right, top, bottom] = [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()];
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  return { width: width - unitX * (left + right), height: height - unitY * (top + bottom) };
};

/** Reads a sequence parameter set: a whole NAL unit without start code. Undefined for anything else. Never throws. */
export const readHevcParameters = (nal: Buffer): HevcParameters | undefined => {
  if (nal.length < fixedLength || nal.length > maxSize || ((nal.readUInt8(0) >> 1) & 0x3f) !== spsType)
    return undefined;
  const bytes = withoutEmulationPrevention(nal);
  if (bytes.length < fixedLength) return undefined;
  const head = bytes.readUInt8(2);
  const subLayers = ((head >> 1) & 7) + 1;
  const bits = new BitReader(bytes, fixedLength);
  skipSubLayers(bits, subLayers - 1);
  bits.unsigned();
  const chroma = bits.unsigned();
  if (chroma === 3) bits.skip(1);
  const coded = { width: bits.unsigned(), height: bits.unsigned() };
  const { width, height } = crop(bits, { ...coded, chroma });
  const [lumaDepth, chromaDepth] = [bits.unsigned() + 8, bits.unsigned() + 8];
  // chroma and depths go into fields of 2 and 3 bits.
  if (bits.ended || subLayers > 7 || chroma > 3 || lumaDepth > 15 || chromaDepth > 15) return undefined;
  if (width <= 0 || height <= 0 || width > maxSide || height > maxSide) return undefined;
  return {
    profile: bytes.subarray(3, 14),
    level: bytes.readUInt8(14),
    subLayers,
    temporalIdNested: (head & 1) === 1,
    chroma,
    lumaDepth,
    chromaDepth,
    width,
    height,
  };
};
