import { BitReader, withoutEmulationPrevention } from "../nal/bit-reader.ts";
import { declaredFps, maxParameterSet, type SequenceParameters } from "../nal/sequence-parameters.ts";
import { skipDisplayInformation } from "../nal/video-usability.ts";
import { nalHeaderSize, nalType, nalTypes } from "./nal.ts";
import { skipReferenceSets } from "./reference-sets.ts";

/** Largest picture side taken for real, in pixels. */
const maxSide = 16_384;

/** The general part of profile_tier_level(), as ISO/IEC 14496-15 8.3.3.1 copies it into a file. */
export interface H265Profile {
  readonly space: number;
  readonly tier: number;
  readonly profile: number;
  readonly compatibility: number;
  /** Six bytes of constraint flags. */
  readonly constraints: Buffer;
  readonly level: number;
}

/** What a sequence parameter set of H.265 says of its pictures. */
export interface H265Parameters extends SequenceParameters {
  readonly general: H265Profile;
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  /** Bits of a sample. */
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** Temporal sub-layers, at least 1. */
  readonly subLayers: number;
  readonly temporalIdNested: boolean;
}

// ITU-T H.265 7.3.3
const readGeneralProfile = (bits: BitReader): H265Profile => ({
  space: bits.bits(2),
  tier: bits.bits(1),
  profile: bits.bits(5),
  compatibility: bits.bits(32),
  constraints: Buffer.from(Array.from({ length: 6 }, () => bits.bits(8))),
  level: bits.bits(8),
});

const skipSubLayerProfiles = (bits: BitReader, subLayers: number): void => {
  if (subLayers === 1) return;
  const present = Array.from({ length: 8 }, () => [bits.flag(), bits.flag()] as const);
  for (const [profile, level] of present.slice(0, subLayers - 1)) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
};

type Picture = Pick<H265Parameters, "chroma" | "width" | "height">;

const readPicture = (bits: BitReader): Picture | undefined => {
  const chroma = bits.unsigned();
  const separatePlanes = chroma === 3 && bits.flag();
  const [fullWidth, fullHeight] = [bits.unsigned(), bits.unsigned()];
  const cropped = bits.flag();
  const [left, right, top, bottom] = cropped
    ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()]
    : [0, 0, 0, 0];
  if (bits.ended || chroma > 3 || fullWidth > maxSide || fullHeight > maxSide) return undefined;
  // ITU-T H.265 table 6-1: the units that cropping counts in.
  const unitX = !separatePlanes && (chroma === 1 || chroma === 2) ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  const [width, height] = [fullWidth - unitX * (left + right), fullHeight - unitY * (top + bottom)];
  return width > 0 && height > 0 ? { chroma, width, height } : undefined;
};

/** Returns sps_max_num_reorder_pics of the whole stream, its highest sub-layer. */
const readOrdering = (bits: BitReader, subLayers: number): number => {
  const told = bits.flag() ? subLayers : 1;
  let reorder = 0;
  for (let layer = 0; layer < told; layer += 1) {
    bits.unsigned();
    reorder = bits.unsigned();
    bits.unsigned();
  }
  return reorder;
};

// ITU-T H.265 7.3.4
const skipScalingLists = (bits: BitReader): void => {
  for (let size = 0; size < 4; size += 1) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.unsigned();
        continue;
      }
      if (size > 1) bits.signed();
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let index = 0; index < coefficients && !bits.ended; index += 1) bits.signed();
    }
  }
};

/** From log2_min_luma_coding_block_size_minus3 up to the reference sets. */
const skipCodingTools = (bits: BitReader): void => {
  for (let index = 0; index < 6; index += 1) bits.unsigned();
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (!bits.flag()) return;
  bits.skip(8);
  bits.unsigned();
  bits.unsigned();
  bits.skip(1);
};

/** Whether they were few enough to be real. */
const skipLongTermPictures = (bits: BitReader, orderBits: number): boolean => {
  if (!bits.flag()) return true;
  const count = bits.unsigned();
  bits.skip(count <= 32 ? count * (orderBits + 1) : 0);
  return count <= 32;
};

// ITU-T H.265 E.2.1
const readFps = (bits: BitReader): number => {
  if (!bits.flag()) return 0;
  skipDisplayInformation(bits);
  bits.skip(3);
  if (bits.flag()) for (let side = 0; side < 4; side += 1) bits.unsigned();
  if (!bits.flag()) return 0;
  const ticksAPicture = bits.bits(32);
  const ticksASecond = bits.bits(32);
  return bits.ended ? 0 : declaredFps(ticksASecond, ticksAPicture);
};

/**
 * Reads a sequence parameter set: a whole NAL unit without start code; bytes after what is read do not matter.
 * Undefined for anything else. Never throws.
 */
export const readH265Sps = (nal: Buffer): H265Parameters | undefined => {
  if (nalType(nal) !== nalTypes.sps || nal.length > maxParameterSet) return undefined;
  const bits = new BitReader(withoutEmulationPrevention(nal), nalHeaderSize);
  bits.skip(4);
  const subLayers = bits.bits(3) + 1;
  const temporalIdNested = bits.flag();
  const general = readGeneralProfile(bits);
  skipSubLayerProfiles(bits, subLayers);
  bits.unsigned();
  const picture = readPicture(bits);
  const [lumaDepth, chromaDepth, orderBits] = [bits.unsigned() + 8, bits.unsigned() + 8, bits.unsigned() + 4];
  const reorder = readOrdering(bits, subLayers);
  if (picture === undefined || bits.ended || subLayers > 7) return undefined;
  if (lumaDepth > 16 || chromaDepth > 16 || orderBits > 16 || reorder > 16) return undefined;
  const common = { ...picture, general, lumaDepth, chromaDepth, subLayers, temporalIdNested };
  return { ...common, profile: general.profile, level: general.level, reorder, fps: readRate(bits, orderBits) };
};

/** What lies between cannot be told from what is damaged, so a set that ends there only lacks its rate. */
const readRate = (bits: BitReader, orderBits: number): number => {
  skipCodingTools(bits);
  if (!skipReferenceSets(bits) || !skipLongTermPictures(bits, orderBits)) return 0;
  bits.skip(2);
  return readFps(bits);
};
