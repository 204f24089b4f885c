import { nalType, nalTypes } from "./nal.ts";

/** What a sequence parameter set says of its pictures. */
export interface SequenceParameters {
  /** profile_idc: 66 baseline, 77 main, 100 high. */
  readonly profile: number;
  /** The byte of constraint_set flags. */
  readonly constraints: number;
  /** level_idc: ten times the level. */
  readonly level: number;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
}

/** More than any valid one; bounds the work on a hostile one. */
const maxSize = 1_024;

/** Largest picture side taken for real, in macroblocks: 16384 pixels. */
const maxMacroblocks = 1_024;

// ITU-T H.264 7.3.1.1: 00 00 03 stands for 00 00.
const withoutEmulationPrevention = (nal: Buffer): Buffer => {
  const bytes = Buffer.alloc(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
};

/** Reads bits; beyond the end they are 0 and `ended` becomes true. */
class BitReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, byteOffset: number) {
    this.#bytes = bytes;
    this.#at = 8 * byteOffset;
  }

  get ended(): boolean {
    return this.#at > 8 * this.#bytes.length;
  }

  bit(): number {
    const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** ue(v), at most 32 bits of it. ITU-T H.264 9.1 */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && !this.ended && this.bit() === 0) zeros += 1;
    let suffix = 0;
    for (let index = 0; index < zeros; index += 1) suffix = suffix * 2 + this.bit();
    return 2 ** zeros - 1 + suffix;
  }

  /** se(v). ITU-T H.264 9.1.1 */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

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

const skipPictureOrder = (bits: BitReader): void => {
  const kind = bits.unsigned();
  if (kind === 0) bits.unsigned();
  if (kind !== 1) return;
  bits.bit();
  bits.signed();
  bits.signed();
  const offsets = bits.unsigned();
  for (let index = 0; index < offsets && index < 255 && !bits.ended; index += 1) bits.signed();
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

/**
 * Reads a sequence parameter set: a whole NAL unit without start code; bytes after what is read do not matter.
 * Undefined for anything else. Never throws.
 */
export const readSps = (nal: Buffer): SequenceParameters | undefined => {
  if (nalType(nal) !== nalTypes.sps || nal.length < 5 || nal.length > maxSize) return undefined;
  const bytes = withoutEmulationPrevention(nal);
  if (bytes.length < 5) return undefined;
  const profile = bytes.readUInt8(1);
  const bits = new BitReader(bytes, 4);
  bits.unsigned();
  const chroma = profilesWithChroma.has(profile) ? readChroma(bits) : { format: 1, separatePlanes: false };
  bits.unsigned();
  skipPictureOrder(bits);
  bits.unsigned();
  bits.bit();
  const size = readSize(bits, chroma);
  return size && { profile, constraints: bytes.readUInt8(2), level: bytes.readUInt8(3), ...size };
};
