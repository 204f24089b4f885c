import { BitReader, withoutEmulationPrevention } from "../nal/bit-reader.ts";
import { declaredFps, maxParameterSet, type SequenceParameters } from "../nal/sequence-parameters.ts";
import { skipDisplayInformation } from "../nal/video-usability.ts";
import { nalType, nalTypes } from "./nal.ts";

/** What a sequence parameter set of H.264 says of its pictures. */
export interface H264Parameters extends SequenceParameters {
  /** The byte of constraint_set flags. */
  readonly constraints: number;
}

/** Largest picture side taken for real, in macroblocks: 16384 pixels. */
const maxMacroblocks = 1_024;

/** Profiles whose parameter sets tell the chroma format. ITU-T H.264 7.3.2.1.1 */
const profilesWithChroma: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

// ITU-T H.264 7.3.2.1.1.1
const skipScalingList = (bits: BitReader, size: number): void => {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size && next !== 0 && !bits.ended; index += 1) {
    next = (last + bits.signed() + 256) % 256;
    last = next === 0 ? last : next;
  }
};

interface ChromaFormat {
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly format: number;
  readonly separatePlanes: boolean;
}

const readChroma = (bits: BitReader): ChromaFormat => {
  const format = bits.unsigned();
  const separatePlanes = format === 3 && bits.flag();
  bits.unsigned();
  bits.unsigned();
  bits.bit();
  if (bits.flag()) {
    const lists = format === 3 ? 12 : 8;
    for (let list = 0; list < lists; list += 1) if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  }
  return { format, separatePlanes };
};

/** Returns pic_order_cnt_type. */
const readPictureOrder = (bits: BitReader): number => {
  const kind = bits.unsigned();
  if (kind === 0) bits.unsigned();
  if (kind !== 1) return kind;
  bits.bit();
  bits.signed();
  bits.signed();
  const offsets = bits.unsigned();
  for (let index = 0; index < offsets && index < 255 && !bits.ended; index += 1) bits.signed();
  return kind;
};

interface Size {
  readonly width: number;
  readonly height: number;
}

const readSize = (bits: BitReader, chroma: ChromaFormat): Size | undefined => {
  const columns = bits.unsigned() + 1;
  const rows = bits.unsigned() + 1;
  const frames = bits.flag();
  if (!frames) bits.bit();
  bits.bit();
  const cropped = bits.flag();
  const [left, right, top, bottom] = cropped
    ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()]
    : [0, 0, 0, 0];
  if (bits.ended || columns > maxMacroblocks || rows > maxMacroblocks) return undefined;
  // ITU-T H.264 table 6-1 and 7.4.2.1.1: the units that cropping counts in.
  const planar = chroma.format === 0 || chroma.separatePlanes;
  const unitX = !planar && (chroma.format === 1 || chroma.format === 2) ? 2 : 1;
  const unitY = (!planar && chroma.format === 1 ? 2 : 1) * (frames ? 1 : 2);
  const width = 16 * columns - unitX * (left + right);
  const height = 16 * rows * (frames ? 1 : 2) - unitY * (top + bottom);
  return width > 0 && height > 0 ? { width, height } : undefined;
};

// ITU-T H.264 E.1.2
const skipBuffering = (bits: BitReader): void => {
  const count = bits.unsigned() + 1;
  bits.skip(8);
  for (let index = 0; index < count && index < 32; index += 1) {
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  bits.skip(20);
};

type Usability = Pick<SequenceParameters, "fps" | "reorder">;

// ITU-T H.264 E.1.1
const readUsability = (bits: BitReader): Usability => {
  if (!bits.flag()) return { fps: 0, reorder: undefined };
  skipDisplayInformation(bits);
  let fps = 0;
  if (bits.flag()) {
    const ticksAField = bits.bits(32);
    const ticksASecond = bits.bits(32);
    // A picture lasts for two fields. ITU-T H.264 E.2.1
    fps = declaredFps(ticksASecond, 2 * ticksAField);
    bits.skip(1);
  }
  const buffered = [bits.flag(), false];
  if (buffered[0]) skipBuffering(bits);
  buffered[1] = bits.flag();
  if (buffered[1]) skipBuffering(bits);
  if (buffered[0] || buffered[1]) bits.skip(1);
  bits.skip(1);
  return { fps: bits.ended ? 0 : fps, reorder: readReordering(bits) };
};

const readReordering = (bits: BitReader): number | undefined => {
  if (!bits.flag()) return undefined;
  bits.skip(1);
  for (let index = 0; index < 4; index += 1) bits.unsigned();
  const reorder = bits.unsigned();
  return bits.ended || reorder > 16 ? undefined : reorder;
};

/** What is certain even where the set does not tell. */
const impliedReorder = (profile: number, pictureOrder: number): 0 | undefined =>
  // Pictures come in the order of showing (ITU-T H.264 8.2.1.3), or there are no B-slices (A.2.1).
  pictureOrder === 2 || profile === 66 ? 0 : undefined;

/**
 * Reads a sequence parameter set: a whole NAL unit without start code; bytes after what is read do not matter.
 * Undefined for anything else. Never throws.
 */
export const readSps = (nal: Buffer): H264Parameters | undefined => {
  if (nalType(nal) !== nalTypes.sps || nal.length < 5 || nal.length > maxParameterSet) return undefined;
  const bytes = withoutEmulationPrevention(nal);
  if (bytes.length < 5) return undefined;
  const profile = bytes.readUInt8(1);
  const bits = new BitReader(bytes, 4);
  bits.unsigned();
  const chroma = profilesWithChroma.has(profile) ? readChroma(bits) : { format: 1, separatePlanes: false };
  bits.unsigned();
  const pictureOrder = readPictureOrder(bits);
  bits.unsigned();
  bits.bit();
  const size = readSize(bits, chroma);
  if (size === undefined) return undefined;
  const { fps, reorder = impliedReorder(profile, pictureOrder) } = readUsability(bits);
  return { profile, constraints: bytes.readUInt8(2), level: bytes.readUInt8(3), ...size, fps, reorder };
};
